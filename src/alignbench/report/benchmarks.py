"""Another benchmark than the survey, in the terminal and as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.benchmark import Provenance
from alignbench.files import write_table
from alignbench.record.cell import BenchmarkLine
from alignbench.report.numbers import change, count, interval, number

COVERS = (
    "Intervals are studentised bootstrap intervals over the benchmark's groups of questions: they cover the choice of "
    "questions, not the chance in training, and end where the metric does. Detectable: the minimum detectable effect, "
    "the difference that is found with a chance of 80 % at a level of 5 %."
)
BEYOND = "Differences are to the base model; those marked ‡ to the base model given the same prompt: beyond the prompt."


def print_lines(lines: Sequence[BenchmarkLine], provenance: Provenance, title: str) -> None:
    """The table, and below it what a reader must know about the data."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=title)
    table.add_column("", overflow="fold")
    table.add_column("metric", no_wrap=True)
    table.add_column("facets", overflow="fold")
    for title in ("value, 95 %", "difference, 95 %", "detectable", "items"):
        table.add_column(title, justify="right", no_wrap=True)
    for line in lines:
        value, moved = line.value, line.difference
        mark = "‡ " if moved and line.against not in (None, "base") else ""
        difference = mark + change(moved.value, moved.low, moved.high) if moved else ""
        mean = f"{number(value.value)} {interval(value.low, value.high)}"
        least = number(moved.detectable) if moved else ""
        table.add_row(line.label, line.metric, line.facets, mean, difference, least, count(line.n))
    console = Console(highlight=False)
    console.width = max(console.width, 120)
    console.print(table)
    console.print(f"{provenance.population}, {provenance.year}, {provenance.language}; {provenance.collection}")
    console.print(f"Licence {provenance.licence}; {provenance.source}")
    beyond = [BEYOND] if any(line.against not in (None, "base") for line in lines) else []
    for assumption in (*provenance.assumptions, COVERS, *beyond):
        console.print(f"- {assumption}")


def write_lines(
    table: pd.DataFrame, lines: Sequence[BenchmarkLine], provenance: Mapping[str, Any], name: str, folder: Path
) -> Path:
    """``<name>.csv`` (the table), ``<name>.parquet`` (every row) and ``<name>.json`` (provenance); the first's path."""
    from alignbench.store.manifest import write_json

    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / f"{name}.parquet", table)
    write_json(folder / f"{name}.json", dict(provenance))
    moves = {"difference": "value", "difference_low": "low", "difference_high": "high", "detectable": "detectable"}
    rows = [
        {
            "entry": line.label,
            "metric": line.metric,
            "facets": line.facets,
            "against": line.against,
            **{name: getattr(line.value, name) for name in ("value", "low", "high")},
            **{name: getattr(line.difference, figure, None) for name, figure in moves.items()},
            "items": line.n,
        }
        for line in lines
    ]
    path = folder / f"{name}.csv"
    write_table(path, pd.DataFrame(rows))
    return path
