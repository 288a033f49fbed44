"""What the official files of the World Values Survey share: a row a respondent, on the items of the bundled wave 7."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from alignbench.component import Share, recorded
from alignbench.data.assemble import assemble
from alignbench.data.bundle import Citation, bundled, figures
from alignbench.data.counted import Layout, listed
from alignbench.data.microdata import country_panel, country_shares
from alignbench.data.order import turned
from alignbench.data.people import RespondentPanel
from alignbench.data.shares import OFF_SCALE
from alignbench.data.source import SurveySource
from alignbench.data.survey import Survey
from alignbench.progress import say
from alignbench.types import Culture, Split


@dataclass(frozen=True)
class RespondentFile(SurveySource):
    """Items, wording, splits and the cells that are not comparable are those of the bundled survey."""

    # The content is hashed through the survey's fingerprint, the path is not.
    path: str = recorded("???")
    # Weight respondents by the file's own weights (the bundled shares are unweighted).
    weighted: bool = True
    # How much of a country's answers to an item may be no code of it ("other", 9, 1.5), of those that are not missing;
    # beyond it the country has no figure for the item.
    off_scale: Share = OFF_SCALE

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """Which columns of the file matter."""

    @property
    @abstractmethod
    def citation(self) -> Citation:
        """How reports cite it."""

    @property
    def dropped(self) -> dict[tuple[str, str], str]:
        """(iso3, item id) -> why the country's answers cannot be compared."""
        return bundled("wvs7").dropped

    @property
    def weighting(self) -> str:
        """The word for it in titles."""
        return "weighted" if self.weighted else "unweighted"

    def load(self, cultures: tuple[Culture, ...]) -> Survey:
        """The whole survey, with the shares that these cultures bring along."""
        items = bundled("wvs7").items
        read = country_shares(Path(self.path), items, self.layout, self.off_scale)
        survey = assemble(self.citation, items, read.cells, cultures, {**read.dropped, **self.dropped})
        backwards = turned(items, read.cells, figures("wvs7"))
        weight = f"Respondents are weighted by column {self.layout.weight}." if self.weighted else ""
        against = (
            "The answers run against the order of the published shares of the same country, as if their codes were "
            f"turned round: {listed([' '.join(cell) for cell in backwards])}."
        )
        notes = tuple(filter(None, (weight, *read.notes, against if backwards else "")))
        _say(self.path, notes)
        return replace(survey, gaps=read.gaps, notes=notes)

    def panel(self, iso3: str) -> RespondentPanel | None:
        """All respondents of a country; None where the file holds none."""
        return country_panel(Path(self.path), bundled("wvs7").items, self.layout, iso3)

    def splits(self) -> dict[str, Split]:
        """Battery -> split."""
        return dict(bundled("wvs7").splits)


@cache
def _say(path: str, notes: tuple[str, ...]) -> None:
    """What was found in a file, once a process."""
    say("\n  ".join([f"{path}:", *notes]))
