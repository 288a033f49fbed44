"""A survey of the user's own: three files."""

from dataclasses import dataclass
from pathlib import Path

from alignbench.component import recorded
from alignbench.data.assemble import assemble
from alignbench.data.bundle import Citation
from alignbench.data.checks import Faults
from alignbench.data.items import load_items
from alignbench.data.shares import read_shares
from alignbench.data.source import SurveySource
from alignbench.data.splits import load_splits
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split


@dataclass(frozen=True)
class SurveyTable(SurveySource):
    """Items as JSON Lines, shares as CSV ``iso3,item,code,share[,n]``, splits as CSV ``battery,split``.

    ``examples/own_survey`` has one of each, with every field explained.
    """

    # The contents are hashed through the survey's fingerprint, the paths are not.
    items: str = recorded("???")
    shares: str = recorded("???")
    split_file: str = recorded("???")
    name: str = "table"
    title: str = "own table"
    year: str = "unknown"
    citation: str = "none given"
    licence: str = "unknown"

    def load(self, cultures: tuple[Culture, ...]) -> Survey:
        """The whole survey, with the shares that these cultures bring along."""
        about = Citation(self.name, self.title, self.year, self.citation, self.licence)
        items = load_items(Path(self.items))
        survey = assemble(about, items, read_shares(Path(self.shares), items), cultures, {})
        faults = Faults(self.items)
        for item in items:
            if item not in survey.items:
                remedy = "an item answered by nobody; remove it from the items or add its shares"
                faults.add(f"{self.items}, item", item.id, remedy)
        faults.refuse()
        return survey

    def splits(self) -> dict[str, Split]:
        """Battery -> split."""
        return load_splits(Path(self.split_file), load_items(Path(self.items)))
