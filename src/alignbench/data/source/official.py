"""The official respondent file of World Values Survey wave 7, from the user's own download."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from alignbench.data.bundle import Citation, bundled
from alignbench.data.counted import Layout
from alignbench.data.microdata import read_individuals
from alignbench.data.people import Person
from alignbench.data.respondents import Demographics, drawn_people
from alignbench.data.source.respondent_file import RespondentFile

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
class OfficialWave7(RespondentFile):
    """``WVS_Cross-National_Wave_7_csv_v6_0.csv``: its columns are named as our items are; the weight is W_WEIGHT.

    So are release 5, the *inverted* file, whose turned questions are turned back, and both as SPSS or Stata files.
    """

    @property
    def layout(self) -> Layout:
        """A column for each item."""
        return self._layout([item.id for item in bundled("wvs7").items])

    @property
    def citation(self) -> Citation:
        """The citation of the bundled survey, with the weighting in its title."""
        about = bundled("wvs7").about
        return replace(about, name="wvs7_official", title=f"{about.title}, official file, {self.weighting}")

    def people(self, iso3: str, count: int, seed: int) -> tuple[Person, ...]:
        """``count`` respondents of a country, drawn with replacement by weight."""
        items = bundled("wvs7").items
        return drawn_people(Path(self.path), items, self.layout, DEMOGRAPHICS, iso3, count, seed)

    def individuals(self, columns: Sequence[str]) -> pd.DataFrame:
        """Every respondent's codes in these columns of the file."""
        items = [item for item in bundled("wvs7").items if item.id in columns]
        return read_individuals(Path(self.path), items, self._layout(columns))

    def _layout(self, columns: Sequence[str]) -> Layout:
        return Layout(
            country="B_COUNTRY_ALPHA",
            weight="W_WEIGHT" if self.weighted else None,
            questions=tuple((column, column) for column in columns),
            respondent="D_INTERVIEW",
            others=DEMOGRAPHICS.columns,
        )
