"""Personas whose answers are known, and personas of the planted world: the weights find the country."""

from __future__ import annotations

import json

import numpy as np
import pytest

from alignbench.aligned import AlignedModel
from alignbench.evaluation.metrics import js_similarity
from alignbench.evaluation.survey import distributions
from alignbench.method.persona_mixture import PersonaMixture, pool, regressed
from alignbench.runs.compare import compare
from alignbench.runs.stages import Respond
from alignbench.types import PromptPolicy
from tests.method.chains import aligned, made


@pytest.mark.long
def test_a_population_that_is_a_mixture_of_personas_is_found_again() -> None:
    rng = np.random.default_rng(0)
    columns = np.concatenate([rng.dirichlet(np.ones(4), 12).T for _ in range(30)])
    true = np.zeros(12)
    true[[2, 7]] = 0.7, 0.3
    found = regressed(columns, columns @ true, 1e-4)
    assert found == pytest.approx(true, abs=0.02) and found.sum() == pytest.approx(1)
    uneven = np.arange(12) / 66
    sparse, dense = (np.count_nonzero(regressed(columns, columns @ uneven, p)) for p in (0.3, 1e-4))
    assert 1 <= sparse < dense


def test_a_pool_has_no_persona_twice_and_countries_take_turns() -> None:
    assert len(set(pool(200, (), 0))) == 200 and pool(20, (), 0) != pool(20, (), 1)
    abroad = pool(6, ("Japan", "Peru"), 0)
    assert [("Japan" in text, "Peru" in text) for text in abroad] == [(True, False), (False, True)] * 3
    assert PersonaMixture().living.name == "unsaid"


@pytest.mark.long
def test_weighted_texts_ask_in_both_orders_and_count_by_their_weights(planted_cell, tmp_path) -> None:
    cell = planted_cell(tmp_path, "method=none", "control=false", "scoring.style=full", "scoring.orders=balanced")
    items, texts = cell.asked.items[:3], ("You live in Iraq.", "You live in Japan.")
    weighted, *alone = (PromptPolicy(texts, weights=(0.8, 0.2)), PromptPolicy(texts[:1]), PromptPolicy(texts[1:]))
    prompts = list(cell.scoring.asking.prompts(items, weighted))
    assert len(prompts) == 3 * 2 * 2 and {p.weight for p in prompts if p.context} == {0.2}

    def answers(policy):
        stage = Respond(AlignedModel(cell.model, policy=policy), items, cell.scoring.asking)
        cell.store.get(stage)
        return distributions(stage.table(cell.tools), items)

    mixed, one, other = map(answers, (weighted, *alone))
    for item in items:
        assert mixed[item.id] == pytest.approx(0.8 * one[item.id] + 0.2 * other[item.id], abs=1e-5)
    assert [weighted.turn(person, 10, 2) for person in range(10)] == [0] * 8 + [1] * 2


@pytest.mark.long
def test_residents_of_other_countries_are_weighted_towards_the_own_one(planted_cell, tmp_path) -> None:
    """Nano reads of a persona where it lives, and nothing else; the country itself is not among them."""
    cell = planted_cell(tmp_path, "method=persona_mixture", "method.living=abroad", "culture.control=japan")
    record, _ = compare(cell)
    change = record.aligned
    assert change.difference > 0.2 and change.difference_low > 0 and record.control.difference_low > 0
    mixture = made(cell).stage("mixture")
    kept = json.loads((mixture.path / "kept.json").read_text())
    assert 0 < len(kept) < mixture.facts["personas"] and sum(one["weight"] for one in kept) == pytest.approx(1)
    assert not any("Iraq" in one["persona"] for one in kept)
    assert mixture.facts["validation"] > mixture.facts["validation_even"]
    assert any("Personas kept" in note for note in record.notes)
    # The same personas, all alike.
    model = aligned(cell)
    even = PromptPolicy(model.policy.source.answers.personas)
    stage = Respond(AlignedModel(cell.model, policy=even), cell.asked.items, cell.scoring.asking)
    cell.store.get(stage)
    truth, found = cell.asked.of("IRQ"), distributions(stage.table(cell.tools), cell.asked.items)
    score = np.mean([js_similarity(truth[item].shares, shares) for item, shares in found.items()])
    assert change.score > score + 0.05
