from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.ranks import country_distances, kendall_by_country, kendall_tau

NAN = math.nan


def distances(seed: int, n: int = 7) -> np.ndarray:
    return country_distances(np.random.default_rng(seed).normal(size=(n, 3)))


def test_tau_of_a_hand_worked_order() -> None:
    # 1 2 3 4 against 1 3 2 4: one of six pairs is discordant.
    assert kendall_tau([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)


def test_tau_agrees_with_scipy() -> None:
    for seed in range(20):
        x, y = np.random.default_rng(seed).integers(0, 6, size=(2, 12)).astype(float)
        assert kendall_tau(x, y) == pytest.approx(kendalltau(x, y).statistic)
        assert kendall_tau(x, y) == pytest.approx(kendall_tau(y, x))
        assert kendall_tau(x, -y) == pytest.approx(-kendall_tau(x, y))


def test_tau_without_order_is_nan() -> None:
    assert math.isnan(kendall_tau([1, 1, 1], [1, 2, 3]))
    assert math.isnan(kendall_tau([1, NAN, 3], [1, 2, NAN]))
    assert kendall_tau([1, NAN, 3], [1, 2, 9]) == 1


def test_country_distances_of_hand_worked_vectors() -> None:
    assert country_distances([[0, 0], [3, 4]]).tolist() == [[0, 5], [5, 0]]
    # Around 50 the second points the other way.
    assert country_distances([[60, 60], [40, 40]], offset=50, metric="cosine")[0, 1] == pytest.approx(2)
    assert country_distances([[60, 60], [40, 40]], metric="cosine")[0, 1] == pytest.approx(0)
    assert country_distances([[0, 0], [1, 1000]], standardise=True)[0, 1] == pytest.approx(math.sqrt(8))
    assert country_distances([[10, 0], [0, 10]], metric="cosine")[0, 1] == pytest.approx(1)
    # Standardised, two countries always point away from each other.
    assert country_distances([[9, 9], [8, 5]], standardise=True, metric="cosine")[0, 1] == pytest.approx(2)


def test_a_country_without_a_dimension_has_no_distance() -> None:
    matrix = country_distances([[0, 0], [1, NAN], [3, 4]])
    assert np.isnan(matrix[1, [0, 2]]).all() and matrix[0, 2] == 5


def test_outputs_that_vary_as_cultures_do_get_1() -> None:
    culture = distances(0)
    assert kendall_by_country(culture**2, culture).tolist() == pytest.approx([1] * 7)
    assert kendall_by_country(-culture, culture).tolist() == pytest.approx([-1] * 7)


def test_each_country_ranks_the_others_only() -> None:
    output, culture = distances(1), distances(2)
    np.fill_diagonal(output, 99)
    taus = kendall_by_country(output, culture)
    for i in range(7):
        others = np.arange(7) != i
        assert taus[i] == pytest.approx(kendalltau(output[i, others], culture[i, others]).statistic)


def test_a_country_without_distance_is_left_out_of_the_others_rows() -> None:
    output, culture = distances(1), distances(2)
    culture[3, :] = culture[:, 3] = NAN
    taus, keep = kendall_by_country(output, culture), np.arange(7) != 3
    assert math.isnan(taus[3])
    assert taus[keep].tolist() == pytest.approx(
        kendall_by_country(output[keep][:, keep], culture[keep][:, keep]).tolist()
    )


def test_two_countries_have_no_order() -> None:
    assert np.isnan(kendall_by_country(distances(0, 2), distances(1, 2))).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: kendall_tau([1, 2], [1, 2, 3]),
        lambda: kendall_tau([], []),
        lambda: country_distances([[1, 2]]),
        lambda: country_distances([[1, 2], [3, 4]], metric="manhattan"),
        lambda: country_distances([[1, 2], [1, 4]], standardise=True),
        lambda: kendall_by_country(np.zeros((3, 3)), np.zeros((4, 4))),
        lambda: kendall_by_country(np.zeros((3, 2)), np.zeros((3, 2))),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
