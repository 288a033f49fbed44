"""A probe in the terminal, at most 80 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alignbench.probe.record import ProbeRecord
from alignbench.probe.tables import ShownTable, tables
from alignbench.report.table import words

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 80


def print_probe(record: ProbeRecord) -> None:
    """Print :func:`terminal_summary`."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = WIDTH
    console.print(terminal_summary(record))


def terminal_summary(record: ProbeRecord) -> RenderableType:
    """Verdict, reasons and tables."""
    from rich.console import Group
    from rich.padding import Padding

    warning = (words(record.warning, "bold"), "") if record.warning else ()
    return Group(
        "",
        *warning,
        words(f"{record.model}: {record.verdict}", "bold"),
        *(Padding(words(f"- {reason}"), (0, 1)) for reason in record.reasons),
        Padding(words(record.about, "dim"), (0, 1)),
        *(part for shown in tables(record) for part in _table(shown)),
        *(Padding(words(note, "dim"), (0, 1)) for note in record.notes),
        "",
    )


def _table(shown: ShownTable) -> tuple[RenderableType, ...]:
    from rich.box import SIMPLE_HEAD
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=words(shown.title, "bold"), title_justify="left", pad_edge=False)
    first, *others = shown.columns
    table.add_column(first, overflow="fold")
    for column in others:
        table.add_column(column, justify="right", no_wrap=True)
    for row in shown.rows:
        table.add_row(*map(words, row))
    return "", table, Padding(words(shown.note, "dim"), (0, 1))
