"""The official respondent file of World Values Survey wave 7, from the user's own download."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from alignbench.component import recorded
from alignbench.data.assemble import assemble
from alignbench.data.bundle import bundled
from alignbench.data.microdata import Layout, country_panel, country_shares, read_individuals
from alignbench.data.people import Panel, Person
from alignbench.data.respondents import Demographics, drawn_people
from alignbench.data.source import Source
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split

# Columns and codes of the wave-7 codebook [mem]; a column that the file lacks is left out of the persona.
DEMOGRAPHICS = Demographics(
    sex=("Q260", {1: "man", 2: "woman"}),
    age="Q262",
    phrases=(
        ("Q275R", {1: "with little schooling", 2: "with some schooling", 3: "with higher schooling"}),
        ("H_URBRURAL", {1: "living in a town", 2: "living in the country"}),
        ("Q273", {1: "married", 2: "living with a partner", 3: "divorced", 4: "separated", 5: "widowed", 6: "single"}),
    ),
)


@dataclass(frozen=True)
class OfficialWave7(Source):
    """``WVS_Cross-National_Wave_7_csv_v6_0.csv``: its columns are named as our items are.

    Items, wording, splits and the cells that are not comparable are those of the bundled survey.
    """

    # The content is hashed through the survey's fingerprint, the path is not.
    path: str = recorded("???")
    # Weight respondents by W_WEIGHT (the bundled shares are unweighted).
    weighted: bool = True

    def load(self, cultures: tuple[Culture, ...]) -> Survey:
        """The whole survey, with the shares that these cultures bring along."""
        bundle = bundled("wvs7")
        cells, off_scale = country_shares(Path(self.path), bundle.items, _layout(self.weighted))
        weighting = "weighted" if self.weighted else "unweighted"
        about = replace(bundle.about, name="wvs7_official", title=f"{bundle.about.title}, official file, {weighting}")
        return assemble(about, bundle.items, cells, cultures, {**off_scale, **bundle.dropped})

    def people(self, iso3: str, count: int, seed: int) -> tuple[Person, ...]:
        """``count`` respondents of a country, drawn with replacement by weight."""
        items = bundled("wvs7").items
        return drawn_people(Path(self.path), items, _layout(self.weighted), DEMOGRAPHICS, iso3, count, seed)

    def panel(self, iso3: str) -> Panel | None:
        """All respondents of a country; None where the file holds none."""
        return country_panel(Path(self.path), bundled("wvs7").items, _layout(self.weighted), iso3)

    def individuals(self, columns: Sequence[str]) -> pd.DataFrame:
        """Every respondent's codes in these columns of the file."""
        weight = "W_WEIGHT" if self.weighted else None
        return read_individuals(Path(self.path), Layout("B_COUNTRY_ALPHA", weight, tuple((c, c) for c in columns)))

    def splits(self) -> dict[str, Split]:
        """Battery -> split."""
        return dict(bundled("wvs7").splits)


def _layout(weighted: bool) -> Layout:
    questions = tuple((item.id, item.id) for item in bundled("wvs7").items)
    return Layout("B_COUNTRY_ALPHA", "W_WEIGHT" if weighted else None, questions)
