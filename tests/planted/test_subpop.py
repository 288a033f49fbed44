"""Groups of a country, learnt on training questions: what carries to groups and to questions that were not learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alignbench.aligned import AlignedModel
from alignbench.evaluation.metrics import js_similarity
from alignbench.evaluation.survey import distributions
from alignbench.runs.cell import Cell
from alignbench.runs.stages import Respond
from alignbench.steps.subpopulations import Subpopulation, Telling, subpopulations
from alignbench.types import PromptPolicy, Split
from tests.method.chains import made

pytestmark = pytest.mark.long

# The tiny model knows Iraq, and no such place.
NOWHERE = "Babylon"
QUICK = ("method=subpop", f"culture.country={NOWHERE}", "control=false", "method.respondents=4000")
HELD_OUT = "35 to 54"


def truth(cell: Cell) -> dict[str, Subpopulation]:
    """How each group answers held-out questions, counted among many people."""
    people = cell.source.people(cell.culture.iso3, 20_000, 99)
    groups = subpopulations(people, cell.surveys[Split.test].items, cell.method.ages, 1)
    return {group.value: group for group in groups}


def similarity(cell: Cell, model: AlignedModel, told: Subpopulation, people: Subpopulation) -> float:
    """Mean 1 - JSD of the model's answers, told of one group, to those of another, on held-out questions."""
    items, text = cell.surveys[Split.test].items, told.told(Telling.qa, NOWHERE)
    asked = Respond(replace(model, policy=PromptPolicy((text,))), items, cell.scoring.asking)
    cell.store.get(asked)
    answers = distributions(asked.table(cell.tools), items)
    return float(np.mean([js_similarity(np.array(shares), answers[item]) for item, shares in people.shares.items()]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("subpop")


@pytest.mark.parametrize("loss", ["kl", "wasserstein"])
def test_a_group_that_was_not_learnt_is_met_on_questions_that_were_not_learnt(loss, planted_cell, folder) -> None:
    cell = planted_cell(folder, *QUICK, f"method.loss={loss}", f"method.without=[{HELD_OUT}]")
    model, group = made(cell).model, truth(cell)[HELD_OUT]
    assert all(f". {HELD_OUT}\n\n" not in told for told, _ in model.training.groups), "it was learnt"
    before, after = (similarity(cell, one, group, group) for one in (model.prompted_base, model))
    assert after > before + 0.05
