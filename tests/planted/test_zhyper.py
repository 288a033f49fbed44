"""Cultures that a training never saw: what a network makes of their descriptions, against one LoRA for all.

The planted world has 20 countries, 15 of which are trained on. Its zones stand roughly where those of the real world
do, which is what an encoder of text knows about them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir
from alignbench.data.culture_splits import LeaveOut, culture_splits, left_in
from alignbench.data.cultures import culture_named
from alignbench.data.world.lexicon import lexicon
from alignbench.evaluation.interaction import Interaction, interaction
from alignbench.evaluation.score import score_items
from alignbench.evaluation.survey import distributions
from alignbench.runs.cell import Cell
from alignbench.runs.stages import Respond
from alignbench.testing import composed

pytestmark = pytest.mark.long

QUICK = "model=nano culture=iraq control=false scoring.bootstrap=2000 training.updates=300".split()
NAMES = {country.iso3: country.culture for country in lexicon().countries}
UNSEEN = sorted(NAMES.keys() - set(left_in(NAMES, LeaveOut.random)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("zhyper")


@pytest.fixture(scope="module")
def asked(folder):
    """Scores of the models for some countries on the held-out questions of each: pooled specificity, and mean score."""

    def ask(countries: list[str], *words: str) -> tuple[Interaction, float]:
        cfg = composed(*QUICK, f"store={folder}/store", "method=zhyper", "method.leave_out=random", *words)
        HydraConfig.instance().set_config(cfg)
        cell = Cell.from_config(cfg, (conf_dir(),))
        survey, scores = cell.asked, {}
        for own in countries:
            model = cell.method.align(cell.context(culture_named(NAMES[own], (conf_dir(),))))
            responses = Respond(model, survey.items, cell.scoring.asking)
            cell.store.get(responses)
            said = distributions(responses.table(cell.tools), survey.items)
            frames = {iso3: score_items(said, None, survey, iso3, cell.scoring) for iso3 in countries}
            scores[own] = {iso3: dict(zip(f["item"], f["js"], strict=True)) for iso3, f in frames.items()}
        found = interaction(scores, {item.id: item.battery for item in survey.items}, cell.scoring.resampling)
        return found, float(np.mean([[*scores[own][own].values()] for own in countries]))

    return ask


def test_descriptions_of_unseen_cultures_are_worth_more_than_gibberish_and_one_lora_for_all(asked) -> None:
    assert len(UNSEEN) == 5 and not set(UNSEEN) & set(left_in(culture_splits(), LeaveOut.random))
    (own, score), (noise, _) = asked(UNSEEN), asked(UNSEEN, "method.describe=gibberish")
    shared, together = asked(UNSEEN, "method.form=multi_task")
    assert own.pairs == 10 and own.low > 0
    assert noise.high < own.low
    # One adapter for all cultures tells none apart.
    assert abs(shared.value) < 1e-9
    assert score > together
