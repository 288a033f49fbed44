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

_SETTLEMENT = {1: "capital city", 2: "regional centre", 3: "district centre", 4: "another city or town", 5: "village"}
_MARITAL = {1: "married", 2: "living with a partner", 3: "divorced", 4: "separated", 5: "widowed", 6: "single"}
# ISCED 2011.
_EDUCATION = {
    0: "none or early childhood education", 1: "primary", 2: "lower secondary", 3: "upper secondary",
    4: "post-secondary, not tertiary", 5: "short tertiary", 6: "bachelor or equivalent", 7: "master or equivalent",
    8: "doctorate or equivalent",
}  # fmt: skip
_PROFESSION = {
    0: "never had a job", 1: "professional and technical", 2: "higher administrative", 3: "clerical", 4: "sales",
    5: "service", 6: "skilled worker", 7: "semi-skilled worker", 8: "unskilled worker", 9: "farm worker",
    10: "farm owner or manager", 11: "other",
}  # fmt: skip
_EMPLOYMENT = {
    1: "full time", 2: "part time", 3: "self-employed", 4: "retired", 5: "at home, not otherwise employed",
    6: "student", 7: "unemployed", 8: "other",
}  # fmt: skip
_CLASS = {1: "upper", 2: "upper middle", 3: "lower middle", 4: "working", 5: "lower"}
# Columns and codes of the wave-7 codebook [mem]; a column that the file lacks is left out of the persona.
DEMOGRAPHICS = Demographics(
    sex=("Q260", {1: "man", 2: "woman"}),
    age="Q262",
    phrases=(
        ("Q275R", {1: "with little schooling", 2: "with some schooling", 3: "with higher schooling"}),
        ("H_URBRURAL", {1: "living in a town", 2: "living in the country"}),
        ("Q273", _MARITAL),
    ),
    # Those that CLCA's authors take; age in years, where they take six groups.
    fields=(
        ("settlement", "H_SETTLEMENT", _SETTLEMENT),
        ("region", "H_URBRURAL", {1: "urban", 2: "rural"}),
        ("gender", "Q260", {1: "male", 2: "female"}),
        ("age", "Q262", None),
        ("born", "Q263", {1: "yes", 2: "no"}),
        ("marital", "Q273", _MARITAL),
        ("household", "Q270", None),
        ("education", "Q275", _EDUCATION),
        ("education", "Q275R", {1: "lower", 2: "middle", 3: "higher"}),
        ("profession", "Q281", _PROFESSION),
        ("employment", "Q279", _EMPLOYMENT),
        ("class", "Q287", _CLASS),
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
        """``count`` respondents of a country, as :func:`~alignbench.data.respondents.drawn_people` draws them."""
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
