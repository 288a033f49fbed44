"""A finished sweep in the terminal: methods by cultures and the pooled figures, at 80 columns or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alignbench.evaluation.board import Row
from alignbench.record.finished import FinishedCell
from alignbench.report.board import read
from alignbench.report.board.groups import CultureBoard
from alignbench.report.board.lines import ALPHA
from alignbench.report.board.panels import CulturePanel, Section, sections
from alignbench.report.board.pooled import READING, PooledMethod, specific
from alignbench.report.numbers import MISSING, count, number, of
from alignbench.report.table import plain_console, words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

# Between two columns; one of them is the table's own.
_GAP = 2
_FAILED = "fail"
_CELLS = (
    "Under a culture: the score, 1 is its people's own answers; + a gain over what the method is compared with that is "
    "clear of zero after Holm's correction, − such a loss."
)


class FailedCell(NamedTuple):
    """A cell of the sweep without a result, by the method and culture that were asked for."""

    method: str
    culture: str


class _Column(NamedTuple):
    """A column of figures: label of a row -> text; what is not there is a dash."""

    title: str
    texts: Mapping[str, str]

    @property
    def width(self) -> int:
        return max(len(text) for text in (self.title, *self.texts.values()))


def print_sweep(cells: Sequence[FinishedCell], failed: Collection[FailedCell], store: Path, reports: Path) -> None:
    """Print the tables of these cells; see :func:`sweep_tables`."""
    console = plain_console()
    console.width = max(console.width, 80)
    for part in sweep_tables(sections(read(cells, store, reports)), failed, console.width):
        console.print(part)


def sweep_tables(found: Sequence[Section], failed: Collection[FailedCell], width: int) -> Iterator[RenderableType]:
    """The tables of every panel under its title, and what the columns mean, once."""
    from rich.padding import Padding

    panels = [(section, panel) for section in found for panel in section.panels]
    for section, panel in panels:
        yield words(f"\n{panel.place.model} · {panel.place.split} items · {section.world.title}", "bold")
        yield from (_table(*part) for part in _parts(panel, failed, width))
    readings = [_CELLS, *([READING] if any(panel.pooled for _, panel in panels) else [])]
    yield from (Padding(words(text, "dim"), (0, 1)) for text in readings)


def _parts(
    panel: CulturePanel, failed: Collection[FailedCell], width: int
) -> Iterator[tuple[Sequence[str], Sequence[_Column]]]:
    """Labels and columns of one table where it fits; else of the pooled figures, and below them of the cultures."""
    pooled = {one.label: one for one in panel.pooled}
    lost = [cell for cell in failed if cell.culture in {group.culture for group in panel.groups}]
    methods = dict.fromkeys([*pooled, *panel.ranked])
    absent = dict.fromkeys(cell.method for cell in lost if not any(_is(label, cell.method) for label in methods))
    labels = ["base", *methods, *absent]
    cultures = [_culture(panel, group, labels, lost) for group in panel.groups]
    if not pooled:
        yield labels, [*cultures, *_alone(panel)]
        return
    rank, *figures = _pooled(pooled)
    if _width(labels, whole := [rank, *cultures, *figures]) <= width:
        yield labels, whole
        return
    yield list(pooled), [rank, *figures]
    while cultures:
        fitting = next(n for n in range(len(cultures), 0, -1) if n == 1 or _width(labels, cultures[:n]) <= width)
        yield labels, cultures[:fitting]
        cultures = cultures[fitting:]


def _culture(panel: CulturePanel, group: CultureBoard, labels: Sequence[str], lost: Collection[FailedCell]) -> _Column:
    rows = {line.row.label: line.row for line in panel.of(group) if line.row.kind in ("base", "method")}
    failed = {
        label: _FAILED
        for label in labels
        for cell in lost
        if cell.culture == group.culture and _is(label, cell.method) and label not in rows
    }
    codes = Counter(_code(other) for other in panel.groups)
    title = _code(group) if codes[_code(group)] == 1 else group.culture
    return _Column(title, {label: _score(row) for label, row in rows.items()} | failed)


def _is(label: str, method: str) -> bool:
    """Whether a row is of the method, in whatever variant."""
    return label == method or label.startswith(f"{method}, ")


def _code(group: CultureBoard) -> str:
    """Iso3 of its country."""
    return str(group.first.manifest["inputs"]["setting"]["culture"]["iso3"])


def _score(row: Row) -> str:
    clear = row.kind == "method" and row.p_value is not None and row.p_value < ALPHA
    return number(row.score).removeprefix("0") + (" " if not clear else "+" if (row.difference or 0) > 0 else "−")


def _pooled(methods: Mapping[str, PooledMethod]) -> list[_Column]:
    """Rank, specificity with its interval, the smallest that the design finds, and the mean score."""
    return [
        _Column("#", {label: count(one.rank) for label, one in methods.items()}),
        _Column("specificity, 95 %", {label: specific(one) for label, one in methods.items()}),
        _Column("detectable", {label: number(one.detectable) for label, one in methods.items()}),
        _Column("score", {label: number(one.score.value) for label, one in methods.items()}),
    ]


def _alone(panel: CulturePanel) -> list[_Column]:
    """What one culture's board says of its methods besides the score."""
    rows = [line.row for line in panel.compared]
    return [
        _Column("difference, 95 %", {row.label: of(row, "difference") for row in rows}),
        _Column("detectable", {row.label: number(row.detectable) for row in rows}),
    ]


def _width(labels: Sequence[str], columns: Sequence[_Column]) -> int:
    return max(map(_label_width, labels)) + sum(column.width + _GAP for column in columns)


def _label_width(label: str) -> int:
    """Width of the longest piece: a label is broken at its commas, and nowhere else."""
    return max(map(len, _pieces(label)))


def _pieces(label: str) -> list[str]:
    first, *further = label.split(", ")
    return [first, *(f"  {piece}" for piece in further)]


def _table(labels: Sequence[str], columns: Sequence[_Column]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, _GAP - 1, 0, 0), collapse_padding=True, pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(words(column.title), justify="right", no_wrap=True)
    for label in labels:
        texts = (column.texts.get(label, MISSING) for column in columns)
        table.add_row(words("\n".join(_pieces(label))), *map(words, texts), style="dim" if label == "base" else "")
    return table
