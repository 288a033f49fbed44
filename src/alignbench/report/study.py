"""Many cells at once: seeds pooled into one board per culture, straight from the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.board import Entry, Kind, Row, board
from alignbench.evaluation.survey import SurveyBenchmark, distributions, option_mass
from alignbench.report.numbers import within
from alignbench.report.record import CellRecord
from alignbench.store.key import canonical
from alignbench.types import check

Name = Callable[[CellRecord], str]
# Knobs of the benchmark that leave the score alone.
_OF_INTERVALS = ("formats", "bootstrap", "bootstrap_seed", "confidence")


def records(store: Path) -> list[CellRecord]:
    """All finished cells of a store, the oldest first; see :func:`finished`."""
    return [record for _, record in finished(store)]


def finished(store: Path) -> list[tuple[Path, CellRecord]]:
    """Stage folder and record of every finished cell of a store, the oldest first.

    The same answers may have been scored again, by a newer version or with other intervals: the newest counts.

    Raises:
        AlignbenchError: the store holds none.
    """
    files = sorted(store.glob("score/*/record.json"), key=lambda file: file.stat().st_mtime)
    check(bool(files), "store", str(store), "it holds no finished cell; run one first (task=run)")
    newest: dict[str, Path] = {}
    for file in files:
        cell = _identity(file.parent)
        newest.pop(cell, None)
        newest[cell] = file
    return [(f.parent, CellRecord.from_json(json.loads(f.read_text(encoding="utf-8")))) for f in newest.values()]


def _identity(stage: Path) -> str:
    """What stays the same when a cell's answers are scored again."""
    parts = json.loads((stage / "manifest.json").read_text(encoding="utf-8"))["parts"]
    asked = {k: v for k, v in parts["benchmark"].items() if k not in _OF_INTERVALS}
    answers = [row[:2] for row in parts["responses"]]
    return canonical({**parts, "benchmark": asked, "responses": answers})


def method_name(record: CellRecord) -> str:
    """The method as chosen on the command line."""
    return record.cell.method


def pooled_board(
    cells: Iterable[CellRecord],
    store: Path,
    survey: Survey,
    iso3: str,
    knobs: SurveyBenchmark,
    name: Name = method_name,
) -> list[Row]:
    """One board of all methods of one culture, the seeds of each averaged per item before intervals are made.

    Args:
        cells: records of one culture, model and split.
        survey: restricted to the split that the cells were asked.
        name: what a cell's method is called, so that variants of one method get rows of their own.
    """
    found: dict[str, _Pooled] = {}
    for record in sorted(cells, key=lambda r: r.cell.seed):
        own = name(record)
        for row in record.rows:
            if row.kind == "reference":
                continue
            label = row.label if row is not record.aligned else own
            if row.kind == "control":
                label = own + row.label.removeprefix(record.cell.method)
            pooled = found.setdefault(label, _Pooled(row.kind, own if row.kind == "control" else None))
            pooled.formats[row.key] = row.formats
    entries = [pooled.entry(label, store, survey) for label, pooled in found.items()]
    return board(entries, survey, iso3, knobs)


@dataclass(frozen=True)
class _Pooled:
    """The responses of one row of the board, in the order of their seeds, each once, with their scores by format."""

    kind: Kind
    own: str | None
    formats: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def entry(self, label: str, store: Path, survey: Survey) -> Entry:
        frames = [pd.read_parquet(store / "respond" / key / "responses.parquet") for key in self.formats]
        return Entry(
            label=label,
            kind=self.kind,
            distributions=[distributions(frame, survey.items) for frame in frames],
            key=" ".join(self.formats),
            masses=[option_mass(frame) for frame in frames],
            base=label == "base",
            own=self.own,
            formats=list(self.formats.values()),
        )


def damage(cells: Sequence[CellRecord]) -> float | None:
    """Mean change of the score when told other countries, over countries and seeds; None where none was asked."""
    changes = [other.difference for record in cells for other in record.elsewhere]
    return fmean(changes) if changes else None


def by_culture(cells: Iterable[CellRecord]) -> Mapping[str, list[CellRecord]]:
    """Cells by the name of their culture, in order of appearance."""
    found: dict[str, list[CellRecord]] = {}
    for record in cells:
        found.setdefault(record.cell.culture, []).append(record)
    return found


def markdown(boards: Mapping[str, Sequence[Row]]) -> str:
    """The boards as one Markdown table, a row each; † marks own minus cross, ≈ what is not separable from format."""
    lines = [
        "| culture | row | score, 95 % | skill | difference to base († own minus cross), 95 % | p (Holm) "
        "| could see | format | entropy (people's) | option mass | items / batteries | seeds | sd over seeds |",
        "|---|---|---|--:|---|--:|--:|--:|---|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *(_line(culture, row) for culture, rows in boards.items() for row in rows)]) + "\n"


def _line(culture: str, row: Row) -> str:
    def spread(value: float | None, low: float | None, high: float | None, sign: str = "") -> str:
        if value is None:
            return ""
        bounds = "" if low is None or high is None else f" [{low:{sign}.3f}, {high:{sign}.3f}]"
        return f"{value:{sign}.3f}{bounds}"

    def digits(value: float | None, places: int) -> str:
        return "" if value is None else f"{value:.{places}f}"

    difference = spread(row.difference, row.difference_low, row.difference_high, "+")
    cells = (
        culture,
        row.label,
        spread(row.score, row.low, row.high),
        digits(row.skill, 2),
        f"† {difference}" if row.kind == "control" else difference,
        digits(row.p_value, 3),
        digits(row.detectable, 3),
        "" if row.format_spread is None else within(row.format_spread, row.separable),
        f"{row.entropy_model:.2f} ({row.entropy_survey:.2f})",
        digits(row.option_mass, 2),
        f"{row.items} / {row.batteries}",
        str(row.seeds),
        digits(row.seed_spread, 3),
    )
    return f"| {' | '.join(cells)} |"
