"""Which scenes are played, and how they come to be those of the culture."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from alignbench.component import Component, recorded
from alignbench.dialogue import Dialogue
from alignbench.dialogue.adaptation import SceneRewriter
from alignbench.dialogue.scenario import Scenario, adapted, load_scenarios, profile, unadapted
from alignbench.dialogue.sets import SCENE_COLUMNS, SOURCES, scene_rows, scene_steps, scenes_of
from alignbench.generator import Generator
from alignbench.seeds import seed_of
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.types import Culture


@dataclass(frozen=True)
class Scenes(Component):
    """Which scenarios, drawn by the run's seed; how often each is played, and whether in the culture's own words."""

    scenarios: int
    takes: int
    adapted: bool
    seed: int

    def openings(self, culture: Culture) -> list[Dialogue]:
        """Scenes about to begin, their words out of a lexicon: the same scenarios for every culture, other words in
        every take.

        Raises:
            AlignbenchError: there is no lexicon of the culture.
        """
        played = product(self.drawn, self.seeds)
        scenes = [adapted(s, culture.name, k) if self.adapted else unadapted(s, k) for s, k in played]
        return opened(culture, scenes)

    @property
    def drawn(self) -> list[Scenario]:
        """The scenarios, their placeholders still in them."""
        return random.Random(seed_of(self.seed, "scenarios")).sample(load_scenarios(), self.scenarios)

    @property
    def seeds(self) -> list[int]:
        """One for each take."""
        return [seed_of(self.seed, "take", take) for take in range(self.takes)]


def opened(culture: Culture, scenes: Sequence[Scenario]) -> list[Dialogue]:
    """Dialogues in which nothing has been said yet."""
    words = profile(culture.iso3)
    return [Dialogue(scene, words, culture.country) for scene in scenes]


@dataclass(frozen=True)
class Rewrite(Stage):
    """The scenarios as the generator puts them among people of the culture, as a synthetic set.

    Attributes:
        sources: filled with words of no culture.
    """

    name = "scenes"

    sources: tuple[Scenario, ...]
    country: str
    profile: str
    rewriting: SceneRewriter
    generator: Generator
    least: int = recorded(1)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them rewritten.

        Raises:
            AlignbenchError: fewer than ``least`` came back whole.
        """
        tally, engine = Tally("scenes"), self.generator.open(tools)
        made = self.rewriting.rewrite(engine, self.sources, self.country, self.profile, tally)
        tally.require(self.least, "method.scenarios")
        steps = scene_steps(len(self.sources), self.rewriting, self.profile)
        title, writer = f"Scenes for two people, {self.country}", self.generator.title
        card = DatasetCard(title, "clca", self.country, steps, writer, None, SOURCES, SCENE_COLUMNS)
        write_set(folder, scene_rows(made), card, [tally])
        return tally.record()

    def openings(self, culture: Culture, seeds: Sequence[int], tools: Tools) -> list[Dialogue]:
        """The scenes of the finished stage, each about to begin in every take."""
        made = scenes_of(read_set(tools.folder(self))[0], load_scenarios())
        named = [replace(scene, culture=culture.name) for scene in made]
        return opened(culture, [replace(scene, seed=seed) for scene, seed in product(named, seeds)])


def rewritten(scenes: Scenes, culture: Culture, rewriting: SceneRewriter, generator: Generator, least: int) -> Rewrite:
    """The stage that rewrites the drawn scenarios for a culture."""
    sources = tuple(unadapted(scenario, scenes.seeds[0]) for scenario in scenes.drawn)
    return Rewrite(sources, culture.country, profile(culture.iso3), rewriting, generator, least)
