"""Which scenes are played, and how they come to be those of the culture."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from alignbench.component import Component
from alignbench.dialogue import Dialogue
from alignbench.dialogue.adaptation import Rewriting
from alignbench.dialogue.profile import profile
from alignbench.dialogue.scenario import Scenario, adapted, load_scenarios, unadapted
from alignbench.dialogue.sets import SCENE_COLUMNS, scene_rows, scene_steps, scenes_of
from alignbench.method import RunContext
from alignbench.method.dialogues import about
from alignbench.store.stages import Stage
from alignbench.synthetic.folder import read_set, write_set
from alignbench.synthetic.ledger import Ledger
from alignbench.training.order import seed_of
from alignbench.types import Culture


@dataclass(frozen=True)
class Scenes(Component):
    """Which scenarios, drawn by the run's seed; how often each is played, and whether in the culture's own words."""

    scenarios: int
    takes: int
    adapted: bool

    def openings(self, culture: Culture, seed: int) -> list[Dialogue]:
        """Scenes about to begin, their words out of a lexicon: the same scenarios for every culture, other words in
        every take.

        Raises:
            AlignbenchError: there is no lexicon of the culture.
        """
        played = product(self.drawn(seed), self.seeds(seed))
        scenes = [adapted(s, culture.name, k) if self.adapted else unadapted(s, k) for s, k in played]
        return opened(culture, scenes)

    def drawn(self, seed: int) -> list[Scenario]:
        """The scenarios, their placeholders still in them."""
        return random.Random(seed_of(seed, "scenarios")).sample(load_scenarios(), self.scenarios)

    def seeds(self, seed: int) -> list[int]:
        """One for each take."""
        return [seed_of(seed, "take", take) for take in range(self.takes)]


def opened(culture: Culture, scenes: Sequence[Scenario]) -> list[Dialogue]:
    """Dialogues in which nothing has been said yet."""
    words = profile(culture.iso3)
    return [Dialogue(scene, words, culture.country) for scene in scenes]


def rewritten(context: RunContext, scenes: Scenes, rewriting: Rewriting, least: int) -> Stage:
    """Stage ``scenes``: the scenarios as the generator puts them among people of the culture, as a synthetic set.

    Raises:
        AlignbenchError: fewer than ``least`` came back whole.
    """
    culture = context.culture
    seed, words = scenes.seeds(context.seed)[0], profile(culture.iso3)
    sources = [unadapted(scenario, seed) for scenario in scenes.drawn(context.seed)]
    parts = {
        "sources": [asdict(source) for source in sources],
        "culture": [culture.country, words],
        "rewriting": rewriting.parts,
        "generator": context.generator.identity(context.model),
        "least": least,
    }

    def build(folder: Path) -> Mapping[str, Any]:
        ledger, engine = Ledger("scenes"), context.generator.open(context.tools)
        made = rewriting.rewrite(engine, sources, culture.country, words, ledger)
        ledger.require(least, "method.scenarios")
        steps = scene_steps(len(sources), rewriting, words)
        card = about(context, "Scenes for two people", steps, SCENE_COLUMNS, judged=False)
        write_set(folder, scene_rows(made), card, [ledger])
        return ledger.record()

    return context.store.stage("scenes", parts, build)


def openings_of(context: RunContext, scenes: Scenes, stage: Stage) -> list[Dialogue]:
    """The scenes that :func:`rewritten` left, each about to begin in every take."""
    made = [replace(s, culture=context.culture.name) for s in scenes_of(read_set(stage.path)[0], load_scenarios())]
    return opened(context.culture, [replace(s, seed=k) for s, k in product(made, scenes.seeds(context.seed))])
