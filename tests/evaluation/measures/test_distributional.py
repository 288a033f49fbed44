from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import entropy

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.distributional import kl_divergence, with_refusals

PAIRS = [np.random.default_rng(seed).dirichlet(np.full(k, 0.5), size=2) for seed in range(20) for k in (2, 4, 10)]


def test_kl_of_a_hand_worked_pair() -> None:
    # 3/4 ln(3/2) + 1/4 ln(1/2) = 0.130812...
    assert kl_divergence([0.75, 0.25], [0.5, 0.5], epsilon=0) == pytest.approx(0.13081203594113694)


def test_kl_smooths_both_sides_and_normalises_again() -> None:
    # (1.1, 0.1) / 1.2 against (0.1, 1.1) / 1.2: (11/12 - 1/12) ln 11.
    assert kl_divergence([1, 0], [0, 1], epsilon=0.1) == pytest.approx(10 / 12 * math.log(11))
    assert kl_divergence([1, 0], [0, 1], epsilon=0) == math.inf


def test_kl_agrees_with_scipy_is_zero_on_itself_and_not_symmetric() -> None:
    for p, q in PAIRS:
        assert kl_divergence(p, q, epsilon=0) == pytest.approx(entropy(p, q))
        assert kl_divergence(p, q, epsilon=0.01) == pytest.approx(entropy(p + 0.01, q + 0.01))
        assert kl_divergence(p, p) == pytest.approx(0, abs=1e-15)
        assert kl_divergence(p, q) >= 0
    assert any(abs(kl_divergence(p, q) - kl_divergence(q, p)) > 0.1 for p, q in PAIRS)


def test_refusals_become_the_last_option() -> None:
    assert with_refusals([0.5, 0.5], 0.2).tolist() == pytest.approx([0.4, 0.4, 0.2])
    rows = with_refusals([[0.5, 0.5], [1, 0]], [0, 1])
    assert rows.tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    assert np.isfinite(kl_divergence(rows[1], rows[0]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: kl_divergence([0.5, 0.5], [0.2, 0.3, 0.5]),
        lambda: kl_divergence([0.5, 0.5], [0.5, 0.5], epsilon=-1),
        lambda: with_refusals([0.5, 0.5], 1.5),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
