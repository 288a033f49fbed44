"""The World Values Survey time-series file 1981-2022, from the user's own download."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from alignbench.component import Within, recorded
from alignbench.data.assemble import assemble
from alignbench.data.bundle import bundled
from alignbench.data.microdata import Layout, country_panel, country_shares
from alignbench.data.people import Panel
from alignbench.data.source import Source
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split

YEARS = {
    1: "1981-1984", 2: "1989-1993", 3: "1994-1998", 4: "1999-2004", 5: "2005-2009", 6: "2010-2014", 7: "2017-2022",
}  # fmt: skip


@dataclass(frozen=True)
class TimeSeries(Source):
    """One wave of the time-series CSV, on the wave-7 items whose trend variable is known.

    ``resources/wvs7/timeseries_ids.csv`` names the variables. It is our recollection of the public
    codebook, and leaves out questions whose codes changed between waves. Saudi Arabia is in wave 4.
    """

    # The content is hashed through the survey's fingerprint, the path is not.
    path: str = recorded("???")
    wave: Annotated[int, Within(1, 7)] = 4
    # Weight respondents by S017.
    weighted: bool = True

    def load(self, cultures: tuple[Culture, ...]) -> Survey:
        """The wave's survey, with the shares that these cultures bring along."""
        bundle = bundled("wvs7")
        cells, off_scale = country_shares(Path(self.path), bundle.items, self._layout())
        not_comparable = bundle.dropped if self.wave == 7 else {}
        weighting = "weighted" if self.weighted else "unweighted"
        about = replace(
            bundle.about,
            name=f"wvs_timeseries_{self.wave}",
            title=f"World Values Survey, time series 1981-2022, wave {self.wave}, {weighting}",
            year=YEARS[self.wave],
            citation="Inglehart, Haerpfer, Moreno, Welzel, Kizilova, Diez-Medrano, Lagos, Norris, Ponarin, Puranen "
            "(eds.), World Values Survey: All Rounds - Country-Pooled Datafile, JD Systems Institute & WVSA "
            "Secretariat.",
        )
        return assemble(about, bundle.items, cells, cultures, {**off_scale, **not_comparable})

    def panel(self, iso3: str) -> Panel | None:
        """All respondents of a country in this wave; None where the file holds none."""
        return country_panel(Path(self.path), bundled("wvs7").items, self._layout(), iso3)

    def splits(self) -> dict[str, Split]:
        """Battery -> split, that of the bundled wave 7."""
        return dict(bundled("wvs7").splits)

    def _layout(self) -> Layout:
        with (bundled("wvs7").folder / "timeseries_ids.csv").open(encoding="utf-8", newline="") as file:
            questions = tuple((row["item"], row["variable"]) for row in csv.DictReader(file))
        return Layout("COUNTRY_ALPHA", "S017" if self.weighted else None, questions, wave=("S002VS", self.wave))
