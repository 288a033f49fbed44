"""Many cells at once, straight from the store: what is finished, and the seeds pooled into one board per culture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.items import Scored, label_of, load, pool_seeds
from alignbench.evaluation.statistics import Bootstrap
from alignbench.identity import canonical
from alignbench.report.record import CellRecord, records
from alignbench.store.artifact import Artifact
from alignbench.types import check

# Knobs of the benchmark that leave what is measured alone: the same answers may be scored again with others.
OF_INTERVALS = ("formats", "bootstrap", "bootstrap_seed", "confidence", "ceiling_n")


class Finished(NamedTuple):
    """A finished cell: the folder of its score stage, and its record."""

    stage: Path
    record: CellRecord

    @property
    def manifest(self) -> dict[str, Any]:
        """How the score came to be."""
        return _manifest(self.stage)

    @property
    def own(self) -> str | None:
        """Label of the row that this cell was run for; None where it was the base model itself."""
        rows = (row.label for row in self.record.rows if row.kind == "method")
        return next((label for label in rows if label == self.record.cell.method), None)

    @property
    def scored(self) -> list[Scored]:
        """Every row of its board, item by item."""
        return _scored(self.stage)


@cache
def _manifest(stage: Path) -> dict[str, Any]:
    return Artifact(stage).manifest


@cache
def _scored(stage: Path) -> list[Scored]:
    return load(stage)


def finished(store: Path) -> list[Finished]:
    """Every finished cell of a store, the oldest first; how many are of an earlier version, and left out, is said.

    The same answers may have been scored again, by a newer version or with other intervals: the newest counts.

    Raises:
        AlignbenchError: the store holds none.
    """
    newest: dict[str, Finished] = {}
    for folder, record in records(store, "score", CellRecord.from_json):
        cell = _identity(_manifest(folder)["inputs"])
        newest.pop(cell, None)
        newest[cell] = Finished(folder, record)
    check(bool(newest), "store", str(store), "it holds no finished cell of this version; run one first (task=run)")
    return list(newest.values())


def _identity(inputs: Mapping[str, Any]) -> str:
    """What stays the same when a cell's answers are scored again."""
    setting = inputs["setting"]
    asked = {k: v for k, v in setting["benchmark"].items() if k not in OF_INTERVALS}
    answers = [row["responses"] for row in inputs["answered"]]
    return canonical({**inputs, "setting": {**setting, "benchmark": asked, "changed": None}, "answered": answers})


def pages(cells: Sequence[Finished]) -> dict[Path, str]:
    """Stage folder -> name of the page's folder. The newest cell of a name keeps it, older ones carry their key."""
    newest = {cell.record.cell.page: cell.stage for cell in cells}
    named = {cell.stage: cell.record.cell.page for cell in cells}
    return {at: name if newest[name] == at else f"{name}-{at.name[:6]}" for at, name in named.items()}


def method_name(record: CellRecord) -> str:
    """The method as chosen on the command line."""
    return record.cell.method


def by_name(cells: Iterable[Finished], name: Callable[[CellRecord], str]) -> dict[str, list[Finished]]:
    """Name -> its cells by seed; of two with the same name and seed the later in ``cells`` counts."""
    found: dict[str, dict[int, Finished]] = {}
    for cell in cells:
        found.setdefault(name(cell.record), {})[cell.record.cell.seed] = cell
    return {called: [seeds[seed] for seed in sorted(seeds)] for called, seeds in found.items()}


def pooled_board(named: Mapping[str, Sequence[Finished]]) -> list[Row]:
    """One board of all methods of one culture; intervals cover batteries, and seeds where there are several.

    Args:
        named: what a method is called -> its cells, one a seed; all of one culture, model and split.
    """
    return rows(pooled(named), resampling(next(cell for cells in named.values() for cell in cells)))


def pooled(named: Mapping[str, Iterable[Finished]]) -> list[Scored]:
    """What stands on :func:`pooled_board`, item by item."""
    cells = [(name, cell) for name, found in named.items() for cell in found]
    called = {e.key: name for name, cell in cells for e in cell.scored if (e.kind, e.label) == ("method", cell.own)}
    boards: dict[int, dict[str, Scored]] = {}
    for name, cell in sorted(cells, key=lambda pair: pair[1].manifest["finished"]):
        # A baseline that stands here as a method of its own is one row.
        names = {e.label: called[e.key] for e in cell.scored if e.kind == "method" and e.key in called}
        names |= {} if cell.own is None else {cell.own: name}
        seed = boards.setdefault(cell.record.cell.seed, {})
        seed.update({entry.label: entry for entry in _renamed(cell.scored, names)})
    return pool_seeds({seed: list(board.values()) for seed, board in boards.items()})


def resampling(cell: Finished) -> Bootstrap:
    """How the intervals of a cell were made."""
    asked = cell.manifest["inputs"]["setting"]["benchmark"]
    return Bootstrap(asked["bootstrap"], asked["bootstrap_seed"], asked["confidence"])


def _renamed(board: Iterable[Scored], names: Mapping[str, str]) -> list[Scored]:
    """The entries with methods, and the rows that serve them, under other names."""
    found = []
    for entry in board:
        if entry.method and entry.method in names:
            own = names[entry.method]
            entry = replace(entry, label=label_of(entry.kind, own, entry.country), method=own)
        found.append(entry)
    return found


def damage(cells: Iterable[CellRecord]) -> float | None:
    """Mean change of the score when told other countries, over countries and seeds; None where none was asked."""
    changes = [other.difference for record in cells for other in record.elsewhere]
    return fmean(changes) if changes else None


def by_culture(cells: Iterable[Finished]) -> Mapping[str, list[Finished]]:
    """Cells by the name of their culture, in order of appearance."""
    found: dict[str, list[Finished]] = {}
    for cell in cells:
        found.setdefault(cell.record.cell.culture, []).append(cell)
    return found
