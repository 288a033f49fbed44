"""What the official files of the World Values Survey share: a row a respondent, on the items of the bundled wave 7."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

from alignbench.component import recorded
from alignbench.data.assemble import assemble
from alignbench.data.bundle import Citation, bundled
from alignbench.data.microdata import Layout, country_panel, country_shares
from alignbench.data.people import RespondentPanel
from alignbench.data.source import SurveySource
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split


@dataclass(frozen=True)
class RespondentFile(SurveySource):
    """Items, wording, splits and the cells that are not comparable are those of the bundled survey."""

    # The content is hashed through the survey's fingerprint, the path is not.
    path: str = recorded("???")
    # Weight respondents by the file's own weights (the bundled shares are unweighted).
    weighted: bool = True

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
        cells, off_scale = country_shares(Path(self.path), items, self.layout)
        return assemble(self.citation, items, cells, cultures, {**off_scale, **self.dropped})

    def panel(self, iso3: str) -> RespondentPanel | None:
        """All respondents of a country; None where the file holds none."""
        return country_panel(Path(self.path), bundled("wvs7").items, self.layout, iso3)

    def splits(self) -> dict[str, Split]:
        """Battery -> split."""
        return dict(bundled("wvs7").splits)
