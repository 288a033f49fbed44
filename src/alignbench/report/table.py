"""The board in the terminal; another benchmark than the survey, there and as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from alignbench.benchmark import Provenance
from alignbench.evaluation.board import Row
from alignbench.evaluation.catalogue import metrics
from alignbench.files import write_table
from alignbench.record.cell import BenchmarkLine, CellRecord
from alignbench.report.numbers import BEYOND, CROSS, change, count, interval, number, of, text
from alignbench.report.verdict import exposed, inseparable, verdict
from alignbench.store.manifest import write_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

WIDTH = 120
# Below this many columns the table leaves out what the sentences around it say of the method's row.
_WIDE = 116
# Figures of every terminal, and those of a wide one.
_NARROW, _FURTHER = ("score", "skill", "difference"), ("detectable", "specificity", "format_spread")

COVERS = (
    "Intervals are studentised bootstrap intervals over the benchmark's groups of questions: they cover the choice of "
    "questions, not the chance in training, and end where the metric does. Detectable: the minimum detectable effect, "
    "the difference that is found with a chance of 80 % at a level of 5 %."
)
CROSSED = (
    "Own - cross: what the same recipe made of the control country's figures is taken off, on the same questions; what "
    "any training or prompt brings, whatever its country, cancels."
)
MEASURED = (
    "Differences are to the base model; those marked ‡ to the base model given the same prompt: beyond the prompt."
)


def print_table(record: CellRecord) -> None:
    """Print :func:`terminal_table`, 80 to 120 columns wide as the terminal allows."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = min(max(console.width, 80), WIDTH)
    console.print(terminal_table(record, console.width))


def line(record: CellRecord) -> str:
    """What a cell gave in one line: the score of its own row, and its difference with interval and mark."""
    row = record.headline
    return f"{number(row.score)}  {of(row, 'difference'):>25}"


def terminal_table(record: CellRecord, width: int = WIDTH) -> RenderableType:
    """Verdict, board, what the intervals cover, and the notes of this cell."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    judged = verdict(record)
    control, flagged = record.control, inseparable(record)
    below = [f"Score: {record.score_name}, higher is closer. In brackets: 95 % intervals."]
    if record.prompted:
        below.append(
            f"{BEYOND} difference to the base given the same prompt (↳); all others are to the unprompted base."
        )
    if control and control.difference is not None:
        below.append(f"{CROSS} own minus cross: the method's score minus that of the control (↳).")
    below += [*filter(None, [flagged]), *judged.caveats, *record.reading_of_tables, *record.notes]
    for other in record.elsewhere:
        change_there = change(other.difference, other.low, other.high)
        scores = f"{number(other.before)} -> {number(other.after)}"
        below.append(f"Prompted as {other.country} afterwards: {scores}, {change_there}.")
    if record.exposure:
        below.append(exposed(record))
    return Group(
        "",
        *([Text(record.warning, style="bold")] if record.warning else []),
        Text(record.title, style="bold"),
        Text(judged.sentence),
        "",
        _table(record, width >= _WIDE),
        *(Padding(Text(sentence, style="dim"), (0, 1)) for sentence in below),
        "",
    )


def _table(record: CellRecord, wide: bool) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column("", min_width=14, overflow="fold")
    names = (*_NARROW, *_FURTHER) if wide else _NARROW
    for title in (*(metrics()[name].title for name in names), "Items"):
        table.add_column(title, justify="right", no_wrap=True)
    board = record.board
    for row, following in zip(board, (*board[1:], None), strict=True):
        ends = following is not None and following.kind == "reference" != row.kind
        style = "dim" if row.kind == "reference" else "bold" if row is record.aligned else ""
        table.add_row(*map(Text, _cells(row, names)), style=style, end_section=ends)
    return table


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    """Score and difference with their intervals; the others have no room for theirs."""
    label = row.label if row.kind in ("base", "method", "reference") else f"↳ {row.label}"
    whole = ("score", "difference", "format_spread")
    figures = [of(row, n) if n in whole else text(metrics()[n], (row.figure(n)[0], None, None), row) for n in names]
    return [label, *figures, count(row.items)]


def print_lines(lines: Sequence[BenchmarkLine], provenance: Provenance, title: str) -> None:
    """The table, and below it what a reader must know about the data."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=title)
    table.add_column("", overflow="fold")
    table.add_column("metric", no_wrap=True)
    table.add_column("facets", overflow="fold")
    crossed = any(line.own_minus_cross for line in lines)
    cross = ["own - cross, 95 %"] if crossed else []
    for title in ("value, 95 %", "difference, 95 %", "detectable", *cross, "items"):
        table.add_column(title, justify="right", no_wrap=True)
    for line in lines:
        value, moved = line.value, line.difference
        mark = "‡ " if moved and line.against not in (None, "base") else ""
        difference = mark + change(moved.value, moved.low, moved.high) if moved else ""
        mean = f"{number(value.value)} {interval(value.low, value.high)}"
        least = number(moved.detectable) if moved else ""
        own = line.own_minus_cross
        specific = [change(own.value, own.low, own.high) if own else ""] if crossed else []
        table.add_row(line.label, line.metric, line.facets, mean, difference, least, *specific, count(line.n))
    console = Console(highlight=False)
    console.width = max(console.width, 120)
    console.print(table)
    console.print(f"{provenance.population}, {provenance.year}, {provenance.language}; {provenance.collection}")
    console.print(f"Licence {provenance.licence}; {provenance.source}")
    beyond = [MEASURED] if any(line.against not in (None, "base") for line in lines) else []
    beyond += [CROSSED] if crossed else []
    for assumption in (*provenance.assumptions, COVERS, *beyond):
        console.print(f"- {assumption}")


def write_lines(
    table: pd.DataFrame, lines: Sequence[BenchmarkLine], provenance: Mapping[str, Any], name: str, folder: Path
) -> Path:
    """``<name>.csv`` (the table), ``<name>.parquet`` (every row) and ``<name>.json`` (provenance); the first's path."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / f"{name}.parquet", table)
    write_json(folder / f"{name}.json", dict(provenance))
    moves = {"difference": "value", "difference_low": "low", "difference_high": "high", "detectable": "detectable"}
    crossed = {"own_minus_cross": "value", "own_minus_cross_low": "low", "own_minus_cross_high": "high"}
    rows = [
        {
            "entry": line.label,
            "metric": line.metric,
            "facets": line.facets,
            "against": line.against,
            **{name: getattr(line.value, name) for name in ("value", "low", "high")},
            **{name: getattr(line.difference, figure, None) for name, figure in moves.items()},
            **{name: getattr(line.own_minus_cross, figure, None) for name, figure in crossed.items()},
            "items": line.n,
        }
        for line in lines
    ]
    path = folder / f"{name}.csv"
    write_table(path, pd.DataFrame(rows))
    return path
