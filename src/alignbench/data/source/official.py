"""The official respondent file of World Values Survey wave 7, from the user's own download."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from alignbench.component import recorded
from alignbench.data.assemble import assemble
from alignbench.data.bundle import bundled
from alignbench.data.microdata import Layout, country_shares
from alignbench.data.source import Source
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split


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
        questions = tuple((item.id, item.id) for item in bundle.items)
        layout = Layout("B_COUNTRY_ALPHA", "W_WEIGHT" if self.weighted else None, questions)
        cells, off_scale = country_shares(Path(self.path), bundle.items, layout)
        weighting = "weighted" if self.weighted else "unweighted"
        about = replace(bundle.about, name="wvs7_official", title=f"{bundle.about.title}, official file, {weighting}")
        return assemble(about, bundle.items, cells, cultures, {**off_scale, **bundle.dropped})

    def splits(self) -> dict[str, Split]:
        """Battery -> split."""
        return dict(bundled("wvs7").splits)
