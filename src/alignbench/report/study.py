"""Many cells at once, straight from the store: what is finished, and the seeds pooled into one board per culture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.items import ITEMS, Scored, from_table, pool_seeds
from alignbench.evaluation.statistics import Bootstrap
from alignbench.report.record import CellRecord
from alignbench.store.stages import Stage
from alignbench.types import check


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
        return from_table(_table(self.stage))


@cache
def _manifest(stage: Path) -> dict[str, Any]:
    return Stage("score", stage.name, stage).manifest


@cache
def _table(stage: Path) -> pd.DataFrame:
    return pd.read_parquet(stage / ITEMS)


def records(store: Path) -> list[CellRecord]:
    """All finished cells of a store, the oldest first; see :func:`finished`."""
    return [record for _, record in finished(store)]


def finished(store: Path) -> list[Finished]:
    """Every finished cell of a store, the oldest first.

    Raises:
        AlignbenchError: the store holds none.
    """
    files = sorted(store.glob("score/*/record.json"), key=lambda file: file.stat().st_mtime)
    check(bool(files), "store", str(store), "it holds no finished cell; run one first (task=run)")
    return [Finished(f.parent, CellRecord.from_json(json.loads(f.read_text(encoding="utf-8")))) for f in files]


def with_items(cells: Iterable[Finished]) -> list[Finished]:
    """Those that hold scores by item; cells of an earlier version get them when their command is issued again."""
    return [cell for cell in cells if (cell.stage / ITEMS).is_file()]


def method_name(record: CellRecord) -> str:
    """The method as chosen on the command line."""
    return record.cell.method


def by_name(cells: Iterable[Finished], name: Callable[[CellRecord], str]) -> dict[str, list[Finished]]:
    """Name -> its cells by seed; of two with the same name and seed the later in ``cells`` counts."""
    found: dict[str, dict[int, Finished]] = {}
    for cell in cells:
        found.setdefault(name(cell.record), {})[cell.record.cell.seed] = cell
    return {called: [seeds[seed] for seed in sorted(seeds)] for called, seeds in found.items()}


def pooled_board(named: Mapping[str, Iterable[Finished]]) -> list[Row]:
    """One board of all methods of one culture, the seeds of each averaged per item before intervals are made.

    Args:
        named: what a method is called -> its cells, one a seed; all of one culture, model and split.
    """
    cells = [(name, cell) for name, found in named.items() for cell in found]
    boards: dict[int, dict[str, Scored]] = {}
    for name, cell in sorted(cells, key=lambda pair: pair[1].manifest["finished"]):
        own = {} if cell.own is None else {cell.own: name}
        seed = boards.setdefault(cell.record.cell.seed, {})
        seed.update({entry.label: entry for entry in _renamed(cell.scored, own)})
    pooled = pool_seeds({seed: list(board.values()) for seed, board in boards.items()})
    asked = cells[0][1].manifest["parts"]["benchmark"]
    return rows(pooled, Bootstrap(asked["bootstrap"], asked["bootstrap_seed"], asked["confidence"]))


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
