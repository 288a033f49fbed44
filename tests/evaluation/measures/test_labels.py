from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.labels import macro_f1

TRUTH = ["yes", "yes", "yes", "no", "no", "neutral"]
PREDICTED = ["yes", "yes", "no", "no", "yes", "no"]


def test_f1_of_hand_worked_labels() -> None:
    # yes: 2 hits, 1 false alarm, 1 miss: 4/6; no: 1, 2, 1: 2/5; neutral: 0.
    assert macro_f1(PREDICTED, TRUTH) == pytest.approx((4 / 6 + 2 / 5 + 0) / 3)


def test_an_unreadable_reply_is_a_miss_and_no_false_alarm() -> None:
    # yes: 1 hit, 1 miss: 2/3; no: 1 hit: 1.
    assert macro_f1(["yes", None, "no"], ["yes", "yes", "no"]) == pytest.approx((2 / 3 + 1) / 2)
    assert macro_f1([None, None], ["yes", "no"]) == 0


def test_f1_agrees_with_scikit_learn() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        predicted, truth = (rng.choice(list("abcd"), size=25).tolist() for _ in range(2))
        labels = sorted(set(truth))
        expected = f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)
        assert macro_f1(predicted, truth) == pytest.approx(expected)
        assert macro_f1(truth, truth) == 1


@pytest.mark.parametrize(("predicted", "truth"), [([], []), (["a"], ["a", "b"])])
def test_labels_that_do_not_pair_are_refused(predicted, truth) -> None:
    with pytest.raises(AlignbenchError, match="one prediction for each"):
        macro_f1(predicted, truth)
