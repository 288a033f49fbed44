from __future__ import annotations

import math

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.cultural_map import (
    ITEMS,
    LOADINGS,
    CulturalMap,
    autonomy,
    fit_map,
    map_distance,
    postmaterialism,
)

NAN = math.nan
LOW = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, -2])
HIGH = np.array([4, 2, 3, 3, 10, 10, 10, 4, 3, 2])


def people(seed: int, n: int = 1500, strengths: tuple[float, float] = (1, 1)) -> tuple[np.ndarray, np.ndarray]:
    """Coded answers driven by two factors (self-expression, secular-rational), and the factors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2)) * strengths
    latent = loading_indices_of(factors) + 0.6 * rng.normal(size=(n, 10))
    share = 1 / (1 + np.exp(-1.5 * latent))
    return np.round(LOW + share * (HIGH - LOW)), factors


def loading_indices_of(factors: np.ndarray) -> np.ndarray:
    return factors @ LOADINGS.T


def test_autonomy_of_hand_worked_answers() -> None:
    assert autonomy([1, 1, 0, NAN], [1, 0, 0, 1], [0, 1, 1, 1], [0, 0, 1, 1])[:3].tolist() == [2, 0, -2]
    assert np.isnan(autonomy(NAN, 1, 1, 1))


def test_postmaterialism_of_hand_worked_answers() -> None:
    assert postmaterialism([1, 3, 2, 4, 1, 4], [3, 1, 4, 2, 2, 3]).tolist() == [1, 1, 3, 3, 2, 2]
    assert np.isnan(postmaterialism([1, NAN], [NAN, 2])).all()


@pytest.mark.parametrize(
    ("item", "self_expression", "secular"),
    [
        ("A008", -0.59, 0),  # unhappy: survival
        ("A165", -0.44, 0),  # careful of others: survival
        ("E018", 0, 0.51),  # more respect for authority is bad: secular
        ("E025", -0.54, 0),  # would never sign: survival
        ("F063", 0, -0.70),  # God important: traditional
        ("F118", 0.58, 0),  # homosexuality justifiable: self-expression
        ("F120", 0, 0.61),  # abortion justifiable: secular
        ("G006", 0, 0.60),  # not proud: secular
        ("Y002", 0.59, 0),  # post-materialist: self-expression
        ("Y003", 0, 0.61),  # autonomy: secular
    ],
)
def test_each_item_pulls_its_own_way(item: str, self_expression: float, secular: float) -> None:
    z = np.where(np.array(ITEMS) == item, 1.0, 0.0)
    assert (z @ LOADINGS).tolist() == pytest.approx([self_expression, secular])


def test_projection_of_hand_worked_answers() -> None:
    # A165 and F063 alone load, by 1, with noise 1: the scores are half their z; spread halves the first again.
    loadings = np.zeros((10, 2))
    loadings[1, 0] = loadings[4, 1] = 1
    means = (LOW + HIGH) / 2
    atlas = CulturalMap(means, np.full(10, 0.5), loadings, 1.0, np.array([2.0, 1.0]))
    answers = means.copy()
    answers[1], answers[4] = 2, 5  # z: (2 - 1.5) / 0.5 = 1 and (5 - 5.5) / 0.5 = -1
    assert atlas.project(answers[None]).tolist()[0] == pytest.approx([1.81 / 4 + 0.038, -1.61 / 2 - 0.1])


@pytest.mark.parametrize("strengths", [(2, 1), (1, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_the_fitted_map_recovers_both_axes_with_order_and_sign(seed: int, strengths: tuple[float, float]) -> None:
    codes, factors = people(seed, strengths=strengths)
    points = fit_map(codes).project(codes)
    correlation = np.corrcoef(points.T, factors.T)[:2, 2:]
    assert (np.diag(correlation) > 0.85).all()
    assert (np.abs(np.diag(correlation[:, ::-1])) < 0.2).all()


def test_the_people_of_the_survey_have_the_published_mean_and_spread() -> None:
    codes, _ = people(1)
    points = fit_map(codes).project(codes)
    assert points.mean(axis=0).tolist() == pytest.approx([0.038, -0.1], abs=1e-9)
    assert points.std(axis=0).tolist() == pytest.approx([1.81, 1.61])


def test_the_reverse_answers_lie_opposite() -> None:
    codes, _ = people(2)
    atlas = fit_map(np.concatenate([codes, LOW + HIGH - codes]))
    offsets = np.array([0.038, -0.1])
    here, there = atlas.project(codes) - offsets, atlas.project(LOW + HIGH - codes) - offsets
    assert here == pytest.approx(-there, abs=1e-6)


def test_gaps_move_points_little_and_too_many_give_none() -> None:
    codes, _ = people(3)
    rng = np.random.default_rng(4)
    gaps = np.where(rng.random(codes.shape) < 0.1, NAN, codes)
    whole, part = fit_map(codes).project(codes), fit_map(gaps).project(gaps)
    kept = ~np.isnan(part).any(axis=1)
    assert (kept == ((~np.isnan(gaps)).sum(axis=1) >= 6)).all()
    assert (np.diag(np.corrcoef(whole[kept].T, part[kept].T)[:2, 2:]) > 0.9).all()
    refused = np.full((1, 10), NAN)
    refused[0, :5] = codes[0, :5]
    assert np.isnan(fit_map(codes).project(refused)).all()


@pytest.mark.parametrize("item", range(10))
def test_each_item_has_its_own_scale(item: int) -> None:
    atlas = CulturalMap(np.zeros(10), np.ones(10), np.eye(10)[:, :2], 1.0, np.ones(2))
    for end, beyond in ((LOW, -1), (HIGH, 1)):
        answers = np.full((1, 10), NAN)
        answers[0, item] = end[item]
        atlas.project(answers)
        answers[0, item] += beyond
        with pytest.raises(AlignbenchError):
            atlas.project(answers)


def test_an_item_that_nobody_answered_is_refused() -> None:
    codes, _ = people(0)
    codes[:, 3] = NAN
    with pytest.raises(AlignbenchError):
        fit_map(codes)


def test_map_distance() -> None:
    assert map_distance([0, 0], [[3, 4], [0, 0]]).tolist() == [5, 0]
    a, b = np.random.default_rng(5).normal(size=(2, 20, 2))
    assert (map_distance(a, b) == map_distance(b, a)).all()
    assert (map_distance(a + 7, b + 7) - map_distance(a, b)).tolist() == pytest.approx([0] * 20)


@pytest.mark.parametrize(
    "call",
    [
        lambda: autonomy(2, 0, 0, 0),
        lambda: postmaterialism(1, 1),
        lambda: postmaterialism(5, 1),
        lambda: map_distance([0, 0, 0], [0, 0, 0]),
        lambda: fit_map(np.full((50, 10), 2.0)),
        lambda: fit_map(np.full((50, 10), -4.0)),
        lambda: fit_map(np.zeros((50, 9))),
        lambda: fit_map(np.full((50, 10), NAN)),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
