"""The World Values Survey time-series file 1981-2022, from the user's own download."""

import csv
from dataclasses import dataclass, replace
from typing import Annotated

from alignbench.component import Within
from alignbench.data.bundle import Citation, bundled
from alignbench.data.counted import Layout
from alignbench.data.source.respondent_file import RespondentFile

YEARS = {
    1: "1981-1984", 2: "1989-1993", 3: "1994-1998", 4: "1999-2004", 5: "2005-2009", 6: "2010-2014", 7: "2017-2022",
}  # fmt: skip


@dataclass(frozen=True)
class TimeSeries(RespondentFile):
    """One wave of the time-series CSV, on the wave-7 items whose trend variable is known; the weight is S017.

    ``resources/wvs7/timeseries_ids.csv`` names the variables. It is our recollection of the public
    codebook, and leaves out questions whose codes changed between waves. Saudi Arabia is in wave 4.
    """

    wave: Annotated[int, Within(1, 7)] = 4

    @property
    def layout(self) -> Layout:
        """A column for each item whose variable is known, and the rows of the wave."""
        weight = "S017" if self.weighted else None
        return Layout("COUNTRY_ALPHA", weight, trend_questions(), wave=("S002VS", self.wave), respondent="S007")

    @property
    def citation(self) -> Citation:
        """The citation of the file, with the years of the wave."""
        return replace(
            bundled("wvs7").about,
            name=f"wvs_timeseries_{self.wave}",
            title=f"World Values Survey, time series 1981-2022, wave {self.wave}, {self.weighting}",
            year=YEARS[self.wave],
            citation="Inglehart, Haerpfer, Moreno, Welzel, Kizilova, Diez-Medrano, Lagos, Norris, Ponarin, Puranen "
            "(eds.), World Values Survey: All Rounds - Country-Pooled Datafile, JD Systems Institute & WVSA "
            "Secretariat.",
        )

    @property
    def dropped(self) -> dict[tuple[str, str], str]:
        """What is known of wave 7 says nothing of the others."""
        return super().dropped if self.wave == 7 else {}


def trend_questions() -> tuple[tuple[str, str], ...]:
    """Item id and trend variable of every wave-7 item whose variable is known."""
    with (bundled("wvs7").folder / "timeseries_ids.csv").open(encoding="utf-8", newline="") as file:
        return tuple((row["item"], row["variable"]) for row in csv.DictReader(file))
