from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from alignbench.errors import AlignbenchError
from alignbench.evaluation.metrics import (
    distribution,
    entropy,
    js_divergence,
    js_similarity,
    wasserstein_similarity,
)

PAIRS = [
    (np.random.default_rng(s).dirichlet(np.full(k, 0.4)), np.random.default_rng(s + 99).dirichlet(np.full(k, 0.4)))
    for s in range(20)
    for k in (2, 3, 5, 10)
]


@pytest.mark.parametrize("base", [2.0, np.e])
def test_js_agrees_with_scipy(base: float) -> None:
    for p, q in PAIRS:
        assert js_similarity(p, q, base, sqrt=True) == pytest.approx(1 - jensenshannon(p, q, base), abs=1e-12)
        assert js_divergence(p, q, base) == pytest.approx(jensenshannon(p, q, base) ** 2, abs=1e-12)


def test_js_of_a_hand_worked_pair() -> None:
    # m = (3/4, 1/4): JSD = 1/2 log2(4/3) + 1/4 log2(2/3) + 1/4 log2(2) = 0.311278...
    assert js_divergence([1, 0], [0.5, 0.5]) == pytest.approx(0.31127812445913283)


def test_wasserstein_agrees_with_scipy() -> None:
    for p, q in PAIRS:
        units = np.arange(len(p))
        expected = 1 - wasserstein_distance(units, units, p, q) / (len(p) - 1)
        assert wasserstein_similarity(p, q) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [2, 4, 10])
def test_extremes(k: int) -> None:
    first, last, flat = np.eye(k)[0], np.eye(k)[-1], np.full(k, 1 / k)
    assert js_similarity(first, first) == 1 and js_similarity(first, last) == 0
    assert js_similarity(first, last, base=np.e) == pytest.approx(1 - np.log(2))
    assert js_similarity(first, last, sqrt=True) == 0
    assert wasserstein_similarity(first, last) == 0 and wasserstein_similarity(flat, flat) == 1
    assert entropy(first) == 0 and entropy(flat) == pytest.approx(1)


def test_symmetry_and_bounds() -> None:
    for p, q in PAIRS:
        for metric in (js_similarity, wasserstein_similarity):
            assert metric(p, q) == pytest.approx(metric(q, p), abs=1e-14)
            assert 0 <= metric(p, q) <= 1
        assert 0 <= entropy(p) <= 1


def test_relabelling_changes_wasserstein_only() -> None:
    p, q = PAIRS[2]
    shuffled = np.array([2, 0, 4, 1, 3])
    assert js_similarity(p[shuffled], q[shuffled]) == pytest.approx(js_similarity(p, q))
    assert wasserstein_similarity(p[shuffled], q[shuffled]) != pytest.approx(wasserstein_similarity(p, q))


def test_tiny_and_zero_shares_stay_finite() -> None:
    p = np.array([1 - 5e-324, 5e-324, 0])
    assert js_divergence(p, [1, 0, 0]) == pytest.approx(0, abs=1e-12)
    assert js_divergence([0, 5e-324, 1], p) == pytest.approx(1)


def test_leading_axes_broadcast() -> None:
    p, q = PAIRS[3]
    stacked = np.stack([p, q, np.full(10, 0.1)])
    expected = [float(js_similarity(q, row)) for row in stacked]
    np.testing.assert_allclose(js_similarity(q, stacked), expected)
    assert wasserstein_similarity(q, stacked).shape == (3,)


def test_rounding_is_normalised_away() -> None:
    np.testing.assert_allclose(distribution([0.3333, 0.3333, 0.3333], "p"), np.full(3, 1 / 3))


@pytest.mark.parametrize(
    "wrong",
    [[0.5, 0.6, -0.1], [0.5, np.nan, 0.5], [np.inf, 0, 0], [0.5, 0.3, 0.1], [0.5, 0.5], [1.0], [], 1.0],
)
def test_wrong_shares_are_refused(wrong: object) -> None:
    right = [0.2, 0.3, 0.5]
    for metric in (js_divergence, wasserstein_similarity):
        for pair in ((wrong, right), (right, wrong)):
            with pytest.raises(AlignbenchError):
                metric(*pair)
