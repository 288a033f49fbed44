"""The surveys that travel with the package: published country shares, our wording."""

from dataclasses import dataclass
from typing import Annotated

from alignbench.component import OneOf
from alignbench.data.assemble import assemble
from alignbench.data.bundle import BUNDLED, bundled, figures
from alignbench.data.source import SurveySource
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split


@dataclass(frozen=True)
class BundledSurvey(SurveySource):
    """Shares by country, unweighted, as the folder's ``source.json`` describes them."""

    # wvs7 (World Values Survey, wave 7) | aoi2022 (Arab Opinion Index 2022).
    name: Annotated[str, OneOf(*BUNDLED)] = "wvs7"

    def load(self, cultures: tuple[Culture, ...]) -> Survey:
        """The whole survey, with the shares that these cultures bring along."""
        bundle = bundled(self.name)
        return assemble(bundle.about, bundle.items, figures(self.name), cultures, bundle.dropped)

    def splits(self) -> dict[str, Split]:
        """Battery -> split."""
        return dict(bundled(self.name).splits)
