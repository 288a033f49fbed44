"""Notes of many cells, each told once: those that say the same of several cells, with other figures, become one."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

_FIGURES, _SENTENCE = ": ", ". "


class _Kind(NamedTuple):
    """What notes share that differ in their figures alone: the words before these and after them."""

    subject: str
    rest: str


def told_once(notes: Iterable[tuple[str, str]]) -> list[str]:
    """The notes, in the order in which they first come.

    A note says ``subject: figures. rest``. Where several have subject and rest in common and other figures, one note
    gives the figures of each cell after its name.

    Args:
        notes: name of a cell, and a note of it.
    """
    found: dict[_Kind, dict[str, list[str]]] = {}
    for cell, note in notes:
        kind, figures = _parts(note)
        found.setdefault(kind, {}).setdefault(figures, []).append(cell)
    return [_told(kind, cells) for kind, cells in found.items()]


def _parts(note: str) -> tuple[_Kind, str]:
    subject, colon, said = note.partition(_FIGURES)
    if not colon:
        return _Kind(note, ""), ""
    figures, stop, rest = said.partition(_SENTENCE)
    return _Kind(subject, stop + rest), figures


def _told(kind: _Kind, cells: Mapping[str, list[str]]) -> str:
    if list(cells) == [""]:
        return kind.subject
    figures = list(cells)
    if len(cells) > 1:
        figures = [f"{', '.join(dict.fromkeys(names))} ({said.removesuffix('.')})" for said, names in cells.items()]
    ends = "." if len(cells) > 1 and not kind.rest else ""
    return f"{kind.subject}{_FIGURES}{'; '.join(figures)}{ends}{kind.rest}"
