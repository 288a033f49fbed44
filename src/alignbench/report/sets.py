"""A page of synthetic sets: dialogues side by side with their verdicts, other sets row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.files import write_text
from alignbench.report.origin import Origin
from alignbench.report.page import environment
from alignbench.store.stage import Artifact
from alignbench.synthetic.folder import read_set
from alignbench.synthetic.tally import Tally

_TURNS = "turns"
# A verdict's companions, shown after it: how sure, and with which probability.
_COMPANIONS = ("_confidence", "_probability")
# More columns than this do not fit side by side. Our choice.
_WIDEST = 8
# Shown as the state of a row.
_STATE = ("kept", "reason")


@dataclass(frozen=True)
class SetRow:
    """One row.

    Attributes:
        turns: the dialogue, if it is one.
        before, after: name of each other column -> value in words; of a dialogue, by their place around the turns.
    """

    turns: tuple[Mapping[str, str], ...]
    before: Mapping[str, str]
    after: Mapping[str, str]
    kept: bool
    reason: str

    def side(self, turn: Mapping[str, str]) -> str:
        """Which of the two speaks: the one who began is a."""
        return "a" if turn["speaker"] == self.turns[0]["speaker"] else "b"


@dataclass(frozen=True)
class Shelf:
    """A set: some of its rows, spread over all of them, and the account of how it was made."""

    stage: str
    key: str
    total: int
    dialogues: bool
    columns: tuple[str, ...]
    entries: tuple[SetRow, ...]
    tallies: tuple[Tally, ...]

    @property
    def cards(self) -> bool:
        """Whether each row has a card, instead of a line in a table."""
        return self.dialogues or len(self.columns) > _WIDEST


def shelf(stage: Artifact, rows: int) -> Shelf:
    """What is shown of a stage that holds a synthetic set."""
    frame, tallies = read_set(stage.path)
    positions = sorted({round(i) for i in np.linspace(0, len(frame) - 1, min(rows, len(frame)))})
    shown = [_entry(row) for row in frame.iloc[positions].to_dict("records")]
    columns = tuple(_named(list(frame.columns)))
    dialogues = _TURNS in frame.columns
    return Shelf(stage.name, stage.key, len(frame), dialogues, columns, tuple(shown), tuple(tallies))


def write_sets(title: str, shelves: Sequence[Shelf], origin: Origin, path: Path) -> Path:
    """Write one self-contained page to ``path``."""
    text = environment().get_template("sets.html.jinja").render(title=title, shelves=shelves, origin=origin)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return path


def _entry(row: Mapping[Any, Any]) -> SetRow:
    names = list(row)
    middle = names.index(_TURNS) if _TURNS in names else 0
    before, after = (
        {name: value for name in _named(names) if name in half and (value := _value(name, row))}
        for half in (names[:middle], names[middle:])
    )
    return SetRow(tuple(row.get(_TURNS, ())), before, after, bool(row.get("kept", True)), str(row.get("reason", "")))


def _named(columns: Sequence[str]) -> list[str]:
    """The columns that are shown under their names."""
    companions = {name + end for name in columns for end in _COMPANIONS}
    return [name for name in columns if name not in companions and name not in (_TURNS, *_STATE)]


def _value(name: str, row: Mapping[Any, Any]) -> str:
    """The value in words, with its companions."""
    parts = [row[name], *(row[name + end] for end in _COMPANIONS if name + end in row)]
    return ", ".join(text for text in map(_text, parts) if text)


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray | list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(part)}" for name, part in value.items())
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
