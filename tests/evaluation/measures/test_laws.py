"""Laws that every measure keeps on random input: its range, what it gives for equals, symmetry.

A measure that is added must be given its law here, and hand-worked cases in the file of its module.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from alignbench.evaluation import measures
from alignbench.evaluation.measures import (
    cultural_map,
    distributional,
    diversity,
    hofstede,
    labels,
    menavalues,
    national,
    ordinal,
    ranks,
    short_answer,
)

Rng = np.random.Generator
WORDS = ("tea", "rice", "bread", "soup")


class Law(NamedTuple):
    """What holds of ``measure(*draw(rng))``; ``same`` is its value where the first two arguments are equal."""

    measure: Callable[..., Any]
    draw: Callable[[Rng], tuple[Any, ...]]
    low: float
    high: float
    same: float | None = None
    symmetric: bool = False


def shares(rng: Rng, *shape: int) -> np.ndarray:
    return rng.dirichlet(np.full(shape[-1], 0.7), size=shape[:-1])


def two(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    return shares(rng, 6, 4), shares(rng, 6, 4)


def codes(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(1, 6, 30).astype(float), rng.integers(1, 6, 30).astype(float)


def on_five(rng: Rng) -> tuple[Any, ...]:
    return *codes(rng), 1, 5


def items(rng: Rng) -> list[np.ndarray]:
    return [shares(rng, 3, k) for k in (2, 3, 5)]


def rows(rng: Rng) -> list[np.ndarray]:
    return [shares(rng, k) for k in (3, 5, 3, 5)]


def chosen(rng: Rng) -> np.ndarray:
    return rng.integers(-1, 3, 4)


def texts(rng: Rng) -> tuple[list[str], list[str]]:
    return rng.choice(WORDS, 20).tolist(), [*WORDS, *rng.choice(WORDS, 16)]


def annotated(rng: Rng) -> tuple[Any, ...]:
    found = [
        short_answer.Annotation((word,), int(votes)) for word, votes in zip(WORDS, rng.integers(1, 6, 4), strict=True)
    ]
    return " ".join(rng.choice([*WORDS, "water"], 2)), found


def points(rng: Rng, width: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(7, width)), rng.normal(size=(7, width))


def distances(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    return ranks.country_distances(rng.normal(size=(5, 3))), ranks.country_distances(rng.normal(size=(5, 3)))


LAWS = {
    law.measure.__name__: law
    for law in (
        Law(distributional.kl_divergence, two, 0, math.inf, same=0),
        Law(distributional.with_refusals, lambda rng: (shares(rng, 6, 4), rng.random(6)), 0, 1),
        Law(diversity.diversity_of_shares, lambda rng: (items(rng), [False, True, False]), 0, 1),
        Law(diversity.modal_share, lambda rng: (items(rng), items(rng)), 0, 1),
        Law(diversity.expected_options, lambda rng: (items(rng), 7), 1, 5),
        Law(diversity.cultural_differentiation, lambda rng: (items(rng), items(rng)), 0, math.inf, same=1),
        Law(
            cultural_map.map_distance,
            lambda rng: points(rng, 2),
            0,
            math.inf,
            0,
            True,
        ),
        Law(cultural_map.autonomy, lambda rng: tuple(rng.random((4, 9))), -2, 2),
        Law(cultural_map.postmaterialism, lambda rng: rng.permuted(np.tile([1, 2, 3, 4], (9, 1)), axis=1).T[:2], 1, 3),
        Law(hofstede.dimension_scores, lambda rng: (rng.uniform(1, 5, (6, 24)),), 50 - 300, 50 + 300),
        Law(
            hofstede.vsm13_distance,
            lambda rng: points(rng, 6),
            0,
            math.inf,
            0,
            True,
        ),
        Law(labels.macro_f1, texts, 0, 1, 1),
        Law(menavalues.agreement, on_five, 0, 100, 100, True),
        Law(menavalues.logit_leakage, lambda rng: (rows(rng), [True, *(rng.random(3) < 0.5)], 0.5), 0, 1),
        Law(national.sva, lambda rng: (rows(rng), chosen(rng)), 0, 1),
        Law(national.sva_ceiling, lambda rng: (rows(rng),), 0, 1),
        Law(national.a_sva, lambda rng: (rows(rng), chosen(rng)), 0, 1),
        Law(national.n_sva, lambda rng: (rows(rng), chosen(rng)), 0, 1),
        Law(ordinal.hard_accuracy, codes, 0, 1, 1, True),
        Law(ordinal.soft_accuracy, on_five, 0, 1, 1, True),
        Law(ordinal.normalised_euclidean_similarity, lambda rng: (*codes(rng), np.full(30, 5)), 0, 1, 1, True),
        Law(ranks.kendall_tau, lambda rng: tuple(rng.normal(size=(2, 9))), -1, 1, 1, True),
        Law(ranks.country_distances, lambda rng: (rng.normal(size=(5, 3)),), 0, math.inf),
        Law(ranks.kendall_by_country, distances, -1, 1, 1, True),
        Law(short_answer.soft_exact_match, annotated, 0, 100),
    )
}
# Not measures of answers, or with laws of their own in the tests of their module.
ELSEWHERE = {"fit_map", "probabilistic_pca", "factor_scores", "varimax"}
ELSEWHERE |= {"numbers", "together", "on_scale", "rows_of_shares", "option_indices", "words", "answerable"}


def test_every_measure_has_its_law() -> None:
    found = set()
    for module in pkgutil.iter_modules(measures.__path__):
        room = importlib.import_module(f"{measures.__name__}.{module.name}")
        own = inspect.getmembers(room, inspect.isfunction)
        found |= {name for name, f in own if f.__module__ == room.__name__ and not name.startswith("_")}
    assert found == LAWS.keys() | ELSEWHERE


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_values_lie_in_the_range(law: Law) -> None:
    for seed in range(10):
        values = np.asarray(law.measure(*law.draw(np.random.default_rng(seed))), dtype=np.float64)
        known = values[~np.isnan(values)]
        assert known.size and (known >= law.low - 1e-12).all() and (known <= law.high + 1e-12).all()


@pytest.mark.parametrize(
    "law", [law for law in LAWS.values() if law.same is not None], ids=lambda law: law.measure.__name__
)
def test_equals_score_what_equals_score(law: Law) -> None:
    for seed in range(3):
        first, _, *rest = law.draw(np.random.default_rng(seed))
        assert np.allclose(law.measure(first, first, *rest), law.same)


@pytest.mark.parametrize("name", [name for name, law in LAWS.items() if law.symmetric])
def test_sides_may_be_swapped(name: str) -> None:
    law = LAWS[name]
    for seed in range(3):
        first, second, *rest = law.draw(np.random.default_rng(seed))
        assert np.allclose(law.measure(first, second, *rest), law.measure(second, first, *rest))


def test_leakage_falls_with_the_threshold_and_looks_strictly_above_it() -> None:
    rng = np.random.default_rng(0)
    probabilities, refused = [row for _ in range(10) for row in rows(rng)], [True] * 40
    leaks = [menavalues.logit_leakage(probabilities, refused, t) for t in (0.0, 0.3, 0.6, 0.9, 1.0)]
    assert leaks == sorted(leaks, reverse=True) and (leaks[0], leaks[-1]) == (1, 0)


def test_distances_keep_the_triangle() -> None:
    a, b, c = np.random.default_rng(2).normal(size=(3, 50, 2))
    far = cultural_map.map_distance(a, b) + cultural_map.map_distance(b, c)
    assert (cultural_map.map_distance(a, c) <= far + 1e-12).all()


def test_refusals_keep_the_shares_among_answers() -> None:
    given, rate = shares(np.random.default_rng(3), 6, 4), np.linspace(0, 0.9, 6)
    extended = distributional.with_refusals(given, rate)
    assert np.allclose(extended.sum(axis=1), 1) and np.allclose(extended[:, -1], rate)
    assert np.allclose(extended[:, :-1] / (1 - rate[:, None]), given)
