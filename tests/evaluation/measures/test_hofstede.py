from __future__ import annotations

import math

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.hofstede import (
    DIMENSIONS,
    IndexWeights,
    dimension_scores,
    vsm13_distance,
)

NAN = math.nan


def manual(m: dict[int, float], constant: float) -> list[float]:
    """The six formulas as the manual prints them."""
    return [
        35 * (m[7] - m[2]) + 25 * (m[20] - m[23]) + constant,
        35 * (m[4] - m[1]) + 35 * (m[9] - m[6]) + constant,
        35 * (m[5] - m[3]) + 35 * (m[8] - m[10]) + constant,
        40 * (m[18] - m[15]) + 25 * (m[21] - m[24]) + constant,
        40 * (m[13] - m[14]) + 25 * (m[19] - m[22]) + constant,
        35 * (m[12] - m[11]) + 40 * (m[17] - m[16]) + constant,
    ]


def means(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1, 5, size=24)


def test_scores_follow_the_manual() -> None:
    for seed in range(10):
        m = means(seed)
        by_number = {number: float(m[number - 1]) for number in range(1, 25)}
        assert dimension_scores(m).tolist() == pytest.approx(manual(by_number, 50))


def test_scores_of_hand_worked_answers() -> None:
    m = np.full(24, 3.0)
    m[[7 - 1, 23 - 1]] = 4, 2  # PDI: 35 (4 - 3) + 25 (3 - 2) + 50 = 110
    m[8 - 1] = 5  # MAS: 35 (5 - 3) + 50 = 120
    assert dict(zip(DIMENSIONS, dimension_scores(m), strict=True)) == {
        "PDI": 110, "IDV": 50, "MAS": 120, "UAI": 50, "LTO": 50, "IVR": 50,
    }  # fmt: skip


def test_the_authors_weights_differ_in_one_dimension() -> None:
    m = np.full(24, 3.0)
    m[8 - 1] = 5  # MAS: 25 (5 - 3) + 50
    theirs = dimension_scores(m, weights=IndexWeights.culturepark)
    assert theirs.tolist() == [50, 50, 100, 50, 50, 50]


def test_a_question_without_an_answer_leaves_out_its_dimension_and_what_is_off_the_scale_counts_where_let_in() -> None:
    m = np.full(24, 3.0)
    m[24 - 1] = NAN
    assert np.isnan(dimension_scores(m)).tolist() == [d == "UAI" for d in DIMENSIONS]
    m[24 - 1] = 10  # UAI: 25 (3 - 10) + 50
    assert dimension_scores(m, ends=(0, 10))[3] == -125


def test_weights_cancel_so_that_equal_answers_give_the_constant() -> None:
    assert dimension_scores(np.full(24, 2.0), constant=7).tolist() == [7] * 6


def test_the_constant_cancels_in_differences() -> None:
    pair = np.stack([means(1), means(2)])
    with_50, with_0 = dimension_scores(pair), dimension_scores(pair, constant=0)
    assert (with_50[0] - with_50[1]).tolist() == pytest.approx((with_0[0] - with_0[1]).tolist())


def test_distance_of_hand_worked_scores() -> None:
    assert vsm13_distance([3, 4, 0, 0, 0, 0], np.zeros(6)) == 5
    assert vsm13_distance([3, 4, 9, 0, 0, 0], [0, 0, NAN, 0, NAN, 0]) == 5
    assert vsm13_distance([3, 4, 9, 0, 0, 0], [0, 0, NAN, 0, NAN, 0], per_dimension=True) == 2.5
    assert vsm13_distance([7, *[0] * 5], [0, *[NAN] * 5], per_dimension=True) == 7
    assert np.isnan(vsm13_distance(np.zeros(6), np.full(6, NAN)))


def test_distance_is_a_metric() -> None:
    a, b, c = np.random.default_rng(3).uniform(0, 100, size=(3, 30, 6))
    assert (vsm13_distance(a, a) == 0).all()
    assert (vsm13_distance(a, b) == vsm13_distance(b, a)).all()
    assert (vsm13_distance(a, c) <= vsm13_distance(a, b) + vsm13_distance(b, c)).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: dimension_scores(np.full(24, 5.1)),
        lambda: dimension_scores(np.full(23, 3.0)),
        lambda: dimension_scores([*[3] * 23, 10]),
        lambda: vsm13_distance(np.zeros(5), np.zeros(5)),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
