from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.diversity import (
    cultural_differentiation,
    diversity_of_shares,
    expected_options,
    modal_share,
)
from alignbench.evaluation.measures.ordinal import soft_accuracy


def test_diversity_of_shares_by_hand_and_of_people_drawn_from_them() -> None:
    ends, half = [[1.0, 0, 0], [0, 0, 1.0]], [[0.5, 0, 0.5], [0, 1.0, 0]]
    assert diversity_of_shares([ends, half], [False, False]).tolist() == [1, 0.5]
    assert diversity_of_shares([half], [True]).tolist() == [1]
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(4), size=3)
    drawn = [rng.choice(4, 30_000, p=row) + 1.0 for row in shares]
    for nominal in (False, True):
        sampled = np.mean([1 - soft_accuracy(a, b, 1, 4, nominal).mean() for a, b in combinations(drawn, 2)])
        assert diversity_of_shares([shares], [nominal])[0] == pytest.approx(sampled, abs=0.01)


def test_modal_share_is_what_the_model_gives_to_the_peoples_answer() -> None:
    people, model = [[[0.6, 0.4], [0.3, 0.7]]], [[[0.9, 0.1], [0.8, 0.2]]]
    assert modal_share(model, people).tolist() == pytest.approx([(0.9 + 0.2) / 2])
    assert modal_share(people, people).tolist() == pytest.approx([(0.6 + 0.7) / 2])


def test_expected_options_by_hand_and_of_drawn_people() -> None:
    assert expected_options([[[1.0, 0, 0], [0.5, 0.5, 0]]], people=2).tolist() == pytest.approx([(1 + 1.5) / 2])
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(5), size=2)
    samples = [[np.unique(rng.choice(5, 9, p=row)).size for _ in range(2000)] for row in shares]
    assert expected_options([shares], 9)[0] == pytest.approx(np.mean(samples), abs=0.05)


def test_differentiation_of_hand_worked_shares() -> None:
    people = [[[1, 0, 0], [0, 0, 1]]]  # opposite ends: 1
    model = [[[1, 0, 0], [0, 1, 0]]]  # half the scale
    assert cultural_differentiation(model, people) == pytest.approx(0.5)
    assert cultural_differentiation(people, model) == pytest.approx(2)
    assert cultural_differentiation([[[1, 0, 0], [1, 0, 0]]], people) == 0
    assert math.isnan(cultural_differentiation(people, [[[1, 0, 0], [1, 0, 0]]]))


def test_differentiation_of_the_survey_itself_is_1() -> None:
    rng = np.random.default_rng(1)
    people = [rng.dirichlet(np.ones(k), size=5) for k in (2, 4, 10)]
    assert cultural_differentiation(people, people) == pytest.approx(1)
    mean = [np.broadcast_to(item.mean(axis=0), item.shape) for item in people]
    half = [(item + flat) / 2 for item, flat in zip(people, mean, strict=True)]
    assert cultural_differentiation(half, people) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: diversity_of_shares([[[0.5, 0.5]]], [False]),
        lambda: diversity_of_shares([[[0.5, 0.5], [1, 0]]], []),
        lambda: modal_share([[[0.5, 0.5], [1, 0]]], []),
        lambda: modal_share([[[0.5, 0.5], [1, 0]]], [[[1, 0, 0], [1, 0, 0]]]),
        lambda: expected_options([[[0.5, 0.5], [1, 0]]], people=0),
        lambda: cultural_differentiation([], []),
        lambda: cultural_differentiation([[[1, 0]]], [[[1, 0]]]),
        lambda: cultural_differentiation([[[1, 0], [0, 1]]], [[[1, 0, 0], [0, 1, 0]]]),
    ],
)
def test_wrong_input_is_refused(call) -> None:
    with pytest.raises(AlignbenchError):
        call()
