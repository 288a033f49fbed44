"""Many cells at once, straight from the store: what is finished, and the seeds pooled into one board per culture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.items import Scored, load, pool_seeds
from alignbench.evaluation.statistics import Bootstrap
from alignbench.report.record import CellRecord
from alignbench.store.key import canonical
from alignbench.store.stages import Stage
from alignbench.types import check

# Knobs of the benchmark that leave what is measured alone: the same answers may be scored again with others.
OF_INTERVALS = ("formats", "bootstrap", "bootstrap_seed", "confidence", "ceiling_n")
# The first version of the score stage that keeps what boards are made of.
_SINCE = 3


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
        return next((row.label for row in self.record.rows if row.label == self.record.cell.method), None)

    @property
    def scored(self) -> list[Scored]:
        """Every row of its board, item by item."""
        return _scored(self.stage)


@cache
def _manifest(stage: Path) -> dict[str, Any]:
    return Stage("score", stage.name, stage).manifest


@cache
def _scored(stage: Path) -> list[Scored]:
    return load(stage)


def finished(store: Path) -> list[Finished]:
    """Every finished cell of a store, the oldest first.

    The same answers may have been scored again, by a newer version or with other intervals: the newest counts.

    Raises:
        AlignbenchError: the store holds none.
    """
    files = sorted(store.glob("score/*/record.json"), key=lambda file: file.stat().st_mtime)
    check(bool(files), "store", str(store), "it holds no finished cell; run one first (task=run)")
    newest: dict[str, Path] = {}
    for file in files:
        cell = _identity(_manifest(file.parent)["parts"])
        newest.pop(cell, None)
        newest[cell] = file
    return [
        Finished(f.parent, CellRecord.from_json(json.loads(f.read_text(encoding="utf-8")))) for f in newest.values()
    ]


def _identity(parts: Mapping[str, Any]) -> str:
    """What stays the same when a cell's answers are scored again."""
    asked = {k: v for k, v in parts["benchmark"].items() if k not in OF_INTERVALS}
    answers = [row[:2] for row in parts["responses"]]
    return canonical({**parts, "benchmark": asked, "responses": answers, "changed": None})


def with_items(cells: Iterable[Finished]) -> list[Finished]:
    """Those that hold scores by item; cells of an earlier version get them when their command is issued again."""
    return [cell for cell in cells if cell.manifest["stage_version"] >= _SINCE]


def pages(cells: Sequence[Finished]) -> dict[Path, str]:
    """Stage folder -> name of the page's folder.

    The newest cell of a name keeps it. Older ones carry their key, unless they are of an earlier version: then the
    newest took their place.
    """
    newest = {cell.record.cell.page: cell.stage for cell in cells}
    usable = {cell.stage for cell in with_items(cells)}
    found = {}
    for cell in cells:
        name = cell.record.cell.page
        if newest[name] == cell.stage:
            found[cell.stage] = name
        elif cell.stage in usable:
            found[cell.stage] = f"{name}-{cell.stage.name[:6]}"
    return found


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
    """One board of all methods of one culture, the seeds of each averaged per item before intervals are made.

    Args:
        named: what a method is called -> its cells, one a seed; all of one culture, model and split.
    """
    return rows(pooled(named), resampling(next(cell for cells in named.values() for cell in cells)))


def pooled(named: Mapping[str, Iterable[Finished]]) -> list[Scored]:
    """What stands on :func:`pooled_board`, item by item."""
    cells = [(name, cell) for name, found in named.items() for cell in found]
    called = {entry.key: name for name, cell in cells for entry in cell.scored if entry.label == cell.own}
    boards: dict[int, dict[str, Scored]] = {}
    for name, cell in sorted(cells, key=lambda pair: pair[1].manifest["finished"]):
        # A baseline that stands here as a method of its own is one row.
        names = {entry.label: called[entry.key] for entry in cell.scored if entry.key in called}
        names |= {} if cell.own is None else {cell.own: name}
        seed = boards.setdefault(cell.record.cell.seed, {})
        seed.update({entry.label: entry for entry in _renamed(cell.scored, names)})
    return pool_seeds({seed: list(board.values()) for seed, board in boards.items()})


def resampling(cell: Finished) -> Bootstrap:
    """How the intervals of a cell were made."""
    asked = cell.manifest["parts"]["benchmark"]
    return Bootstrap(asked["bootstrap"], asked["bootstrap_seed"], asked["confidence"])


def _renamed(board: Iterable[Scored], names: Mapping[str, str]) -> list[Scored]:
    """The entries with a method and its controls under another name."""
    found = []
    for entry in board:
        own = names.get(entry.own or "", entry.own)
        label = names.get(entry.label, entry.label)
        if entry.own is not None:
            label = f"{own}{entry.label.removeprefix(entry.own)}"
        found.append(replace(entry, label=label, own=own))
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
