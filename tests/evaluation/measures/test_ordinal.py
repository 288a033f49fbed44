from __future__ import annotations

import math

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.ordinal import (
    hard_accuracy,
    normalised_euclidean_similarity,
    soft_accuracy,
)

NAN = math.nan


def test_hard_accuracy_of_refused_and_unasked_items() -> None:
    assert hard_accuracy([1, 2, NAN], [1, 3, 2]).tolist() == [1, 0, 0]
    assert np.isnan(hard_accuracy([1], [NAN])).all()


def test_soft_accuracy_of_hand_worked_answers() -> None:
    assert soft_accuracy(1, 4, 1, 4) == 0
    assert soft_accuracy(2, 4, 1, 5) == pytest.approx(0.5)
    assert soft_accuracy(8, 5, 1, 10) == pytest.approx(2 / 3)
    assert soft_accuracy(0, 1, 0, 10) == pytest.approx(0.9)


def test_soft_accuracy_is_all_or_nothing_for_nominal_items() -> None:
    assert soft_accuracy([1, 2], [1, 1], 1, 4, nominal=[True, True]).tolist() == [1, 0]
    assert soft_accuracy([2, 2], [1, 1], 1, 3, nominal=[True, False]).tolist() == [0, 0.5]


def test_soft_accuracy_scores_a_refusal_0_and_leaves_out_what_was_not_asked() -> None:
    assert soft_accuracy([NAN, NAN], [1, 2], 1, 4, nominal=[False, True]).tolist() == [0, 0]
    assert np.isnan(soft_accuracy([1, NAN], [NAN, NAN], 1, 4)).all()


def test_soft_accuracy_properties() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(1, 8, size=(2, 50, 6)).astype(float)
    scores = soft_accuracy(a, b, 1, 7)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (scores == soft_accuracy(b, a, 1, 7)).all()
    assert (soft_accuracy(a, a, 1, 7) == 1).all()
    assert (scores >= hard_accuracy(a, b)).all()
    assert (soft_accuracy(8 - a, 8 - b, 1, 7) == scores).all()


def test_euclidean_similarity_of_hand_worked_answers() -> None:
    # Distance (3, 4) = 5 of a possible (3, 9): sqrt(90).
    assert normalised_euclidean_similarity([1, 5], [4, 1], [4, 10]) == pytest.approx(1 - 5 / math.sqrt(90))
    assert normalised_euclidean_similarity([1, NAN], [1, 9], [4, 10]) == 1
    assert normalised_euclidean_similarity([1, 1], [4, 10], [4, 10]) == 0
    assert math.isnan(normalised_euclidean_similarity([NAN], [1], [4]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: hard_accuracy([1, 2], [1, 2, 3]),
        lambda: hard_accuracy([], []),
        lambda: soft_accuracy(5, 1, 1, 4),
        lambda: soft_accuracy(1, -2, 1, 4),
        lambda: soft_accuracy(1, 1, 1, 1),
        lambda: soft_accuracy(math.inf, 1, 1, 4),
        lambda: normalised_euclidean_similarity([0], [1], [4]),
        lambda: normalised_euclidean_similarity([1], [1, 2], [4, 4]),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
