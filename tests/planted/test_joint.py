"""One model for two cultures learns which people a system text stands for, even against what the text says."""

from __future__ import annotations

import pytest

from alignbench.aligned import AlignedModel
from alignbench.evaluation.score import score_items
from alignbench.evaluation.survey import distributions
from alignbench.runs.cell import Cell
from alignbench.runs.stages import Respond
from alignbench.steps import joint
from tests.method.chains import aligned, key

pytestmark = pytest.mark.long

# Each is told another country, so that nothing is gained by the text alone.
TOLD = {"Iraq": "Japan", "China": "Brazil"}
QUICK = """
    culture=iraq culture.control=china
    training.updates=30 training.checkpoint_every=30 training.prompts_per_update=8 training.learning_rate=0.006
""".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("joint")


def own_minus_other(cell: Cell, model: AlignedModel, other: AlignedModel, iso3: str) -> float:
    """How much nearer to a country's people ``model`` answers than ``other``, on test items."""
    survey, form = cell.surveys[cell.scoring.split], cell.scoring
    scores = []
    for each in (model, other):
        asked = Respond(each, survey.items, form.asking)
        cell.store.get(asked)
        frame = asked.table(cell.tools)
        scores.append(score_items(distributions(frame, survey.items), None, survey, iso3, form)["js"].mean())
    return float(scores[0] - scores[1])


@pytest.mark.parametrize("method", ["survey_sft", "survey_rl"])
def test_each_culture_moves_toward_its_own_people(method, planted_cell, folder, monkeypatch) -> None:
    said = joint.rendered
    monkeypatch.setattr(joint, "rendered", lambda name, country: said(name, country=TOLD[country]))
    cell = planted_cell(folder, f"method={method}", "method.joint=[IRQ,CHN]", "method.told=always", *QUICK)
    after = [aligned(cell, culture) for culture in (cell.culture, cell.control)]
    before = [model.prompted_base for model in after]
    assert key(cell, after[0]) == key(cell, after[1]) and before[0].policy != before[1].policy
    for own, iso3 in enumerate(("IRQ", "CHN")):
        change = [own_minus_other(cell, models[own], models[1 - own], iso3) for models in (before, after)]
        assert change[1] > max(change[0], 0) + 0.04, (iso3, change)
