from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.diversity import (
    cultural_differentiation,
    diversity_guard,
    diversity_of_shares,
    expected_options,
    majority_choice_rate,
    modal_share,
    options_used,
)
from alignbench.evaluation.measures.ordinal import soft_accuracy

NAN = math.nan


def test_diversity_of_hand_worked_answers() -> None:
    # Pairs across countries on 1..5: |1-3|, |1-5|, |3-3|, |3-5| of 4: (2 + 4 + 0 + 2) / 16.
    assert diversity_guard([[1], [3], [3], [5]], ["a", "a", "b", "b"], 1, 5) == pytest.approx(0.5)
    assert diversity_guard([[1], [3], [3], [5]], ["a", "a", "b", "b"], 1, 5, nominal=True) == pytest.approx(0.75)


def test_diversity_agrees_with_all_pairs_one_by_one() -> None:
    rng = np.random.default_rng(0)
    answers = rng.integers(1, 5, size=(15, 4)).astype(float)
    answers[rng.random(answers.shape) < 0.2] = NAN
    countries = rng.choice(["a", "b", "c"], size=15).tolist()
    nominal = [False, True, False, False]
    apart = []
    for i, j in combinations(range(15), 2):
        if countries[i] != countries[j]:
            both = ~(np.isnan(answers[i]) | np.isnan(answers[j]))
            apart.extend((1 - soft_accuracy(answers[i], answers[j], 1, 4, nominal))[both])
    assert diversity_guard(answers, countries, 1, 4, nominal) == pytest.approx(np.mean(apart))


def test_diversity_at_the_edges() -> None:
    assert diversity_guard(np.full((4, 3), 2), ["a", "b", "a", "b"], 1, 4) == 0
    assert diversity_guard([[1, 1], [4, 4]], ["a", "b"], 1, 4) == 1
    assert math.isnan(diversity_guard([[NAN], [1]], ["a", "b"], 1, 4))
    # What differs within a country does not count.
    assert diversity_guard([[1, 2], [4, NAN], [NAN, 2]], ["a", "a", "b"], 1, 4) == 0


def test_majority_choice_rate() -> None:
    rates = majority_choice_rate([[1, 3, 3, NAN], [1, NAN, NAN, NAN], [2, 2, NAN, NAN]], [1, 2, 3, 3])
    assert rates[:3].tolist() == pytest.approx([2 / 3, 1 / 2, 1]) and math.isnan(rates[3])


def test_options_used() -> None:
    assert options_used([[1, 3, NAN], [1, NAN, NAN], [2, 5, NAN]]).tolist() == [2, 2, 0]


def test_diversity_of_shares_by_hand_and_of_people_drawn_from_them() -> None:
    ends, half = [[1.0, 0, 0], [0, 0, 1.0]], [[0.5, 0, 0.5], [0, 1.0, 0]]
    assert diversity_of_shares([ends, half], [False, False]).tolist() == [1, 0.5]
    assert diversity_of_shares([half], [True]).tolist() == [1]
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(4), size=3)
    drawn = np.concatenate([rng.choice(4, 3000, p=row) + 1.0 for row in shares])[:, None]
    names = np.repeat(["a", "b", "c"], 3000).tolist()
    for nominal in (False, True):
        sampled = diversity_guard(drawn, names, 1, 4, nominal)
        assert diversity_of_shares([shares], [nominal])[0] == pytest.approx(sampled, abs=0.01)


def test_modal_share_is_what_the_model_gives_to_the_peoples_answer() -> None:
    people, model = [[[0.6, 0.4], [0.3, 0.7]]], [[[0.9, 0.1], [0.8, 0.2]]]
    assert modal_share(model, people).tolist() == pytest.approx([(0.9 + 0.2) / 2])
    assert modal_share(people, people).tolist() == pytest.approx([(0.6 + 0.7) / 2])


def test_expected_options_by_hand_and_of_drawn_people() -> None:
    assert expected_options([[[1.0, 0, 0], [0.5, 0.5, 0]]], people=2).tolist() == pytest.approx([(1 + 1.5) / 2])
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(5), size=2)
    samples = [[options_used(rng.choice(5, (9, 1), p=row) + 1.0)[0] for _ in range(2000)] for row in shares]
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
        lambda: diversity_guard([[1], [2]], ["a", "a"], 1, 4),
        lambda: diversity_guard([[1], [2]], ["a"], 1, 4),
        lambda: diversity_guard([[1], [5]], ["a", "b"], 1, 4),
        lambda: diversity_guard([1, 2], ["a", "b"], 1, 4),
        lambda: majority_choice_rate([[1, 2]], [1]),
        lambda: options_used([]),
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
