"""Which scenes are played, and how they come to be those of the culture."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.component import Component, recorded
from alignbench.data.hofstede import country_table, hofstede
from alignbench.dialogue import Dialogue
from alignbench.dialogue.adaptation import SceneRewriter
from alignbench.dialogue.scenario import SIDES, Scenario, Speaker, adapted, load_scenarios, unadapted
from alignbench.generator import Generator
from alignbench.seeds import seed_of
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.types import Culture

_RESOURCES = Path(__file__).parents[1] / "resources"
# Levels of each country on the Inglehart-Welzel map.
_MAP = _RESOURCES / "inglehart_welzel.csv"
_SPEAKER = [f.name for f in fields(Speaker)]
_COLUMNS = {
    "scenario": "id of the scenario that was rewritten",
    "domain": "of life",
    "relation": "of the two, as it was",
    "setting": "where the scene begins, known to both",
    **{
        f"{part}_{side}": f"of the {speaker} speaker{known}"
        for side, speaker in (("a", "first"), ("b", "second"))
        for part, known in (
            ("name", ""),
            ("role", ""),
            ("goal", ": what the speaker wants, known to that speaker alone"),
            ("secret", ": what the speaker hides, known to that speaker alone"),
        )
    },
}
# What all sets of dialogues rest on, for their cards.
SOURCES = (
    "Scenarios and lexicons of alignbench, in the manner of Sotopia's tasks; reviewed by nobody of the culture.",
    "Profiles after Hofstede's country scores (2015) and the Inglehart-Welzel map, told to the speakers in words.",
    "No survey item was shown to any model.",
)


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
        told = f"It was told: {self.profile}" if self.profile else "No profile of the country is known."
        steps = (
            f"{len(self.sources)} scenarios were filled with names and things of no country.",
            "A model rewrote each: names, roles, place, and what the two want and hide, in up to "
            f"{self.rewriting.tries} tries. {told}",
            "Dropped is what came back with a line missing, with the old names or setting, or with others than the two "
            "in its setting.",
        )
        title, writer = f"Scenes for two people, {self.country}", self.generator.title
        card = DatasetCard(title, "clca", self.country, steps, writer, None, SOURCES, _COLUMNS)
        write_set(folder, scene_rows(made), card, [tally])
        return tally.record()

    def openings(self, culture: Culture, seeds: Sequence[int], tools: Tools) -> list[Dialogue]:
        """The scenes of the finished stage, each about to begin in every take."""
        made = scenes_of(read_set(tools.folder(self))[0], load_scenarios())
        named = [replace(scene, culture=culture.name) for scene in made]
        return opened(culture, [replace(scene, seed=seed) for scene, seed in product(named, seeds)])


def scene_rows(scenes: Sequence[Scenario]) -> pd.DataFrame:
    """A row a scene."""
    rows = [
        {"scenario": s.id, "domain": s.domain, "relation": s.relation, "setting": s.setting}
        | {f"{part}_{side}": getattr(s.speaker(side), part) for side in SIDES for part in _SPEAKER}
        for s in scenes
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def scenes_of(rows: pd.DataFrame, scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Inverse of :func:`scene_rows`; what it does not hold is as in the scenario of that id."""
    known = {scenario.id: scenario for scenario in scenarios}
    found = []
    for row in rows.to_dict("records"):
        a, b = (Speaker(**{part: row[f"{part}_{side}"] for part in _SPEAKER}) for side in SIDES)
        found.append(replace(known[row["scenario"]], setting=row["setting"], a=a, b=b))
    return found


def rewritten(scenes: Scenes, culture: Culture, rewriting: SceneRewriter, generator: Generator, least: int) -> Rewrite:
    """The stage that rewrites the drawn scenarios for a culture."""
    sources = tuple(unadapted(scenario, scenes.seeds[0]) for scenario in scenes.drawn)
    return Rewrite(sources, culture.country, profile(culture.iso3), rewriting, generator, least)


def profile(iso3: str) -> str:
    """What role-players are told of the country: a sentence per known figure; empty where none is known.

    CLCA puts Hofstede's dimensions and the place on the Inglehart-Welzel map into the system prompt, in words. Phrases
    are ours, five to a dimension. Both sources rest partly on earlier waves of the World Values Survey: a national
    summary, no answers to items, but not independent of the survey either.
    """
    words, said = _phrases(), []
    for name, score in hofstede().get(iso3, {}).items():
        dimension = words["hofstede"][name]
        phrase = [phrase for least, phrase in dimension["levels"] if least <= score][-1]
        said.append(dimension["sentence"].format(phrase=phrase))
    for name, level in country_table(_MAP).get(iso3, {}).items():
        dimension = words["inglehart_welzel"][name]
        said.append(dimension["sentence"].format(phrase=dimension["levels"][level - 1]))
    return " ".join(said)


@cache
def _phrases() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_RESOURCES / "scenarios" / "profiles.json").read_text(encoding="utf-8"))
    return content
