"""Survey DPO: how its pairs are drawn, and that their optimum is the people's distribution."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.method import survey_dpo
from alignbench.method.survey_dpo import drawn_pairs
from alignbench.types import Split

from .chains import made

PEOPLE, MODEL = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])


@pytest.fixture
def trained(monkeypatch):
    """Rows and beta that the trainer was called with; nothing is trained."""
    calls = []
    monkeypatch.setattr(survey_dpo, "train_dpo", lambda job, rows, beta: calls.append((rows, beta)) or {})
    return calls


def test_the_odds_of_a_pair_are_those_of_people_over_the_model() -> None:
    pairs = Counter(drawn_pairs(PEOPLE, MODEL, 400_000, np.random.default_rng(0)))
    ratio = PEOPLE / MODEL
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert pairs[a, b] / pairs[b, a] == pytest.approx(ratio[a] / ratio[b], rel=0.03)
    # The optimum of DPO at beta 1: the model's probabilities times the strengths that these odds are of.
    assert MODEL * ratio == pytest.approx(PEOPLE)


def test_answers_that_agree_are_no_pair() -> None:
    one = np.array([0.0, 1.0])
    assert drawn_pairs(one, one, 50, np.random.default_rng(0)) == []
    assert all(chosen != rejected for chosen, rejected in drawn_pairs(PEOPLE, MODEL, 500, np.random.default_rng(1)))


def test_chosen_labels_follow_the_people_and_rejected_ones_the_model_in_both_orders(make_cell, trained) -> None:
    cell = make_cell("method=survey_dpo", "culture=iraq", "method.pairs=40")
    found = made(cell)
    ((rows, beta),) = trained
    assert beta == 1.0 and found.fit.facts["pairs"] == len(rows) < found.fit.facts["drawn"]
    train = cell.surveys[Split.train]
    prompts = [
        cell.scoring.asking.alone.prompt(i, 0, o, None) for i in train.asked("IRQ") for o in ("forward", "reversed")
    ]
    assert found.fit.facts["drawn"] == 40 * len(prompts)
    chats = {prompt.request.chat: prompt for prompt in prompts}
    chosen, shares = [], []
    for row in rows:
        prompt = chats[row.chat]
        option = prompt.options[prompt.request.options.index(row.chosen)]
        chosen.append(train.of("IRQ")[prompt.item].shares[option])
        shares.append(1 / len(prompt.options))
    # Answers that many people gave are chosen more often than a blind draw would choose them.
    assert np.mean(chosen) > np.mean(shares) + 0.1


def test_a_model_that_answers_as_people_do_leaves_nothing_to_prefer(make_cell, trained, monkeypatch) -> None:
    monkeypatch.setattr(survey_dpo, "drawn_pairs", lambda *given: [])
    with pytest.raises(AlignbenchError, match=r"method\.pairs"):
        made(make_cell("method=survey_dpo", "culture=iraq"))


@pytest.mark.long
def test_cultures_share_the_models_own_answers(make_cell, trained) -> None:
    cell = make_cell("method=survey_dpo", "culture=iraq")
    assert made(cell).stage("own_answers") == made(cell, cell.control).stage("own_answers")
