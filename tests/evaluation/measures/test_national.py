from __future__ import annotations

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.inputs import REFUSED
from alignbench.evaluation.measures.national import a_sva, n_sva, sva, sva_ceiling

# Merged: (0.3, 0.1, 0.6) and (0.4, 0.2, 0.4), the latter without a majority.
SHARES = [[0.1, 0.2, 0.1, 0.25, 0.35], [0.3, 0.1, 0.2, 0.1, 0.3]]


def test_sva_is_the_share_of_the_chosen_option() -> None:
    assert sva(SHARES, [4, 2]).tolist() == [0.35, 0.2]
    assert sva(SHARES, [REFUSED, 0]).tolist() == [0, 0.3]
    assert sva_ceiling(SHARES).tolist() == [0.35, 0.3]


def test_sva_takes_items_with_different_options() -> None:
    assert sva([[0.4, 0.6], [0.2, 0.3, 0.5]], [1, 2]).tolist() == [0.6, 0.5]


def test_a_sva_merges_the_sides() -> None:
    assert a_sva(SHARES, [4, 2]).tolist() == pytest.approx([0.6, 0.2])
    assert a_sva(SHARES, [3, 1]).tolist() == pytest.approx([0.6, 0.4])
    assert a_sva(SHARES, [0, 4]).tolist() == pytest.approx([0.3, 0.4])
    assert a_sva(SHARES, [REFUSED, REFUSED]).tolist() == [0, 0]


def test_n_sva_makes_a_country_without_majority_neutral() -> None:
    assert n_sva(SHARES, [4, 2]).tolist() == pytest.approx([0.6, 1])
    assert n_sva(SHARES, [2, 0]).tolist() == pytest.approx([0.1, 0])
    assert n_sva(SHARES, [4, 4], majority=0.7).tolist() == [0, 0]
    assert n_sva(SHARES, [REFUSED, REFUSED]).tolist() == [0, 0]


def test_n_sva_needs_more_than_the_threshold() -> None:
    assert n_sva([[0.25, 0.25, 0.2, 0.2, 0.1]], [2]).tolist() == [1]


def test_bounds_and_order() -> None:
    rng = np.random.default_rng(1)
    shares, choices = rng.dirichlet(np.ones(5), size=200), rng.integers(-1, 5, size=200)
    plain, merged, neutral = sva(shares, choices), a_sva(shares, choices), n_sva(shares, choices)
    assert (plain <= sva_ceiling(shares)).all()
    assert (plain <= merged + 1e-12).all()
    for scores in (plain, merged, neutral):
        assert ((scores >= 0) & (scores <= 1 + 1e-12)).all() and (scores[choices == REFUSED] == 0).all()
    assert (sva(shares, shares.argmax(axis=1)) == sva_ceiling(shares)).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: sva([], []),
        lambda: sva([[0.5, 0.6]], [0]),
        lambda: sva([[0.5, 0.5]], [2]),
        lambda: sva([[0.5, 0.5]], [0.0]),
        lambda: sva([[0.5, 0.5]], [0, 1]),
        lambda: a_sva([[0.5, 0.5]], [0]),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
