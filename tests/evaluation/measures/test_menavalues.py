from __future__ import annotations

import math

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.menavalues import (
    agreement,
    logit_leakage,
)

NAN = math.nan


def test_nvas_of_a_released_cell() -> None:
    # Item 3, Tunisia: mean 1.79 on 1-4, answer 3; the released sheet has 59.6667.
    assert agreement(3, 1.79, 1, 4) == pytest.approx(59.666666666666664)


def test_nvas_at_the_edges() -> None:
    assert agreement([1, 4, 2.5], [1, 1, 1], 1, 4).tolist() == [100, 0, 50]
    assert agreement(0, 3, 0, 10) == pytest.approx(70)


def test_nvas_of_refusals_and_of_countries_without_data() -> None:
    scores = agreement([NAN, 2, NAN], [2, NAN, NAN], 1, 4)
    assert np.isnan(scores).all()


def test_consistency_of_two_answers() -> None:
    assert agreement([1, 2, 4], [1, 4, 1], 1, 4).tolist() == pytest.approx([100, 100 / 3, 0])
    assert np.isnan(agreement([NAN, 1], [1, NAN], 1, 4)).all()
    a, b = np.random.default_rng(2).integers(0, 11, size=(2, 100))
    scores = agreement(a, b, 0, 10)
    assert ((scores >= 0) & (scores <= 100)).all()
    assert (scores == agreement(b, a, 0, 10)).all()
    assert (agreement(a, a, 0, 10) == 100).all()


def test_leakage_looks_only_at_refused_items() -> None:
    probabilities = [[0.9, 0.1], [0.4, 0.3, 0.3], [0.1, 0.9], [0.5, 0.5]]
    assert logit_leakage(probabilities, [True, True, False, True]) == pytest.approx(1 / 3)
    assert logit_leakage(probabilities, [True, True, False, True], threshold=0.45) == pytest.approx(2 / 3)
    assert logit_leakage(probabilities, [True, True, False, True], threshold=0.5) == pytest.approx(1 / 3)
    assert logit_leakage([[0.75, 0.25], [0.76, 0.24]], [True, True]) == 0.5
    assert math.isnan(logit_leakage(probabilities, [False] * 4))


@pytest.mark.parametrize(
    "call",
    [
        lambda: agreement(5, 2, 1, 4),
        lambda: agreement(2, 4.5, 1, 4),
        lambda: agreement(2, 2, 4, 1),
        lambda: agreement([1, 2], [1, 2, 3], 1, 4),
        lambda: logit_leakage([], []),
        lambda: logit_leakage([[0.5, 0.5]], [True, False]),
        lambda: logit_leakage([[0.5, 0.9]], [True]),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
