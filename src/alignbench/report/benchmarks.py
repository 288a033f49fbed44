"""Another benchmark than the survey: its record, and the same in the terminal and as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.benchmark import Provenance
from alignbench.evaluation.items import Kind
from alignbench.evaluation.statistics import Difference, Interval
from alignbench.files import replacing
from alignbench.record.cell import CellFacts
from alignbench.record.stored import Manifest, Stored, records
from alignbench.report.numbers import change, count, interval, number

COVERS = (
    "Intervals are studentised bootstrap intervals over the benchmark's groups of questions: they cover the choice of "
    "questions, not the chance in training, and end where the metric does. Detectable: the minimum detectable effect, "
    "the difference that is found with a chance of 80 % at a level of 5 %."
)
BEYOND = "Differences are to the base model; those marked ‡ to the base model told the same words: beyond the prompt."


@dataclass(frozen=True)
class BenchmarkLine:
    """A metric of one entry: its mean over items, and its difference to another entry's on the same items.

    Attributes:
        kind: role of the entry, see :class:`~alignbench.evaluation.items.Scored`.
        against: label of the entry that ``difference`` is measured from: the base model, for a trained model that is
            also told something the base told the same words; None where there is no difference.
        facets: framing, language and the like, as text; empty where the metric pools them.
        key: of the stage that holds replies and scores.
    """

    label: str
    kind: Kind
    metric: str
    facets: str
    value: Interval
    difference: Difference | None
    n: int
    key: str = ""
    against: str | None = None


@dataclass(frozen=True)
class BenchmarkRecord(Stored):
    """The lines of one benchmark for one cell; ``benchmark`` is its name on the command line."""

    cell: CellFacts
    benchmark: str
    lines: tuple[BenchmarkLine, ...]


def finished_benchmarks(store: Path) -> list[tuple[Path, Manifest, BenchmarkRecord]]:
    """Folder, manifest and record of every benchmark that a cell was asked, the oldest first."""
    return records(store, "benchmark", BenchmarkRecord)


def benchmarks_of(cell: CellFacts, found: Sequence[tuple[Path, Manifest, BenchmarkRecord]]) -> list[BenchmarkRecord]:
    """What ``cell`` was asked; of several with one name the newest."""
    return list({record.benchmark: record for _, _, record in found if record.cell == cell}.values())


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
    told = [BEYOND] if any(line.against not in (None, "base") for line in lines) else []
    for assumption in (*provenance.assumptions, COVERS, *told):
        console.print(f"- {assumption}")


def write_lines(
    table: pd.DataFrame, lines: Sequence[BenchmarkLine], provenance: Mapping[str, Any], name: str, folder: Path
) -> Path:
    """``<name>.csv`` (the table), ``<name>.parquet`` (every row) and ``<name>.json`` (provenance); the first's path."""
    from alignbench.store.manifest import write_json

    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}.parquet") as partial:
        table.to_parquet(partial, index=False)
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
    with replacing(path) as partial:
        pd.DataFrame(rows).to_csv(partial, index=False)
    return path
