"""One pass of responses: a model asked with its own prompt, then in the place of each respondent."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.component import recorded
from alignbench.data.people import ASSUMED, Person, assumed
from alignbench.evaluation.ask import Asking
from alignbench.evaluation.interview import Choices, interview, write_own
from alignbench.evaluation.survey import CHUNK
from alignbench.runs.cell import Cell
from alignbench.runs.stages import Respond
from alignbench.steps.practice import PROMPT_TOKENS
from alignbench.steps.texts import persona_text
from alignbench.store.stage import Stage
from alignbench.tools import Tools
from alignbench.types import Item, Split

_TABLE = "responses"


@dataclass(frozen=True, eq=False)
class Panel:
    """The people of a country who are interviewed.

    Attributes:
        systems: system texts that say who is asked.
        answers: their own, index into ``Item.codes`` or -1, shape (people, items); None for assumed people, whose
            answers are nobody's.
    """

    systems: tuple[str, ...]
    items: tuple[Item, ...]
    answers: Choices | None
    note: str | None

    @property
    def identity(self) -> str:
        """Hash of who is asked, what, and what they said themselves."""
        own = b"" if self.answers is None else self.answers.tobytes()
        return hashlib.sha256(repr((self.systems, self.items)).encode() + own).hexdigest()


def panel(cell: Cell, items: Sequence[Item], count: int, seed: int) -> Panel:
    """``count`` people of the cell's culture, drawn from the source or assumed.

    Args:
        items: asked are those that the country answered.
    """
    iso3 = cell.culture.iso3
    asked = tuple(item for item in items if item.id in cell.survey.of(iso3))
    people = cell.source.people(iso3, count, seed)
    known = people if people is not None else assumed(cell.surveys[Split.train], iso3, count, seed)
    systems = tuple(persona_text(cell.culture, person.words) for person in known)
    if people is None:
        return Panel(systems, asked, None, ASSUMED)
    return Panel(systems, asked, _own(people, asked), None)


@dataclass(frozen=True)
class Interview(Stage):
    """All answers of a model in one table; see :mod:`alignbench.evaluation.interview`.

    Attributes:
        alone: answers under the method's own prompt, shared with other runs.
    """

    name = "interview"

    model: AlignedModel
    alone: tuple[Respond, ...]
    panel: Panel
    asking: Asking
    chunk: int = recorded(CHUNK)

    @property
    def tokens(self) -> int:
        """Every person is asked every item."""
        return len(self.panel.systems) * len(self.panel.items) * PROMPT_TOKENS

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Interview everybody; a killed one goes on from its last chunk."""
        table = folder / _TABLE
        table.mkdir(exist_ok=True)
        write_own(pd.concat([stage.table(tools) for stage in self.alone]), table)
        model = self.model.at_work(tools)
        before = replace(model.engine.usage)
        prompts = interview(model, self.panel.systems, self.panel.items, self.asking, table, self.chunk)
        _describe(self.panel).to_parquet(folder / "people.parquet")
        return {
            "respondents": len(self.panel.systems),
            "items": len(self.panel.items),
            "prompts": prompts,
            **asdict(model.engine.usage - before),
        }

    def table(self, tools: Tools) -> Path:
        """Folder of the finished stage's answers."""
        return tools.folder(self) / _TABLE


def _own(people: Sequence[Person], items: Sequence[Item]) -> Choices:
    rows = (person.answers.get(item.id, -1) for person in people for item in items)
    return np.fromiter(rows, dtype=np.int8, count=len(people) * len(items)).reshape(len(people), len(items))


def _describe(panel: Panel) -> pd.DataFrame:
    """A row per respondent: the text that says who is asked, and their own answers where they gave any."""
    frame = pd.DataFrame({"system": panel.systems}).rename_axis("respondent")
    if panel.answers is None:
        return frame
    own = pd.DataFrame(panel.answers, columns=[item.id for item in panel.items]).rename_axis("respondent")
    return frame.join(own)
