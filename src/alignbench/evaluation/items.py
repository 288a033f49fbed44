"""Per-item scores of everything on a board, in memory and as a table: all that intervals and tests rest on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from alignbench.evaluation.formats import format_spread, mean_over_seeds
from alignbench.evaluation.metrics import Array
from alignbench.types import check

Kind = Literal["method", "reference", "control"]
# The table's name in a folder.
ITEMS = "items.parquet"
_OF_ROW = ["label", "kind", "own", "base", "key", "formats"]


@dataclass(frozen=True)
class Scored:
    """Something on the board with its frames of :func:`~alignbench.evaluation.score.score_items`.

    Attributes:
        kind: method, control (the same recipe on another country's figures) or reference (no model).
        frames: one per seed, same items.
        key: run key(s), shown with the row.
        base: differences are measured from this entry; at most one.
        own: of a control, the label of the method whose recipe it repeats.
        formats: score by format, means over the seeds; see :mod:`alignbench.evaluation.formats`.
    """

    label: str
    kind: Kind
    frames: Sequence[pd.DataFrame]
    key: str = ""
    base: bool = False
    own: str | None = None
    formats: Mapping[str, float] = field(default_factory=dict)

    @property
    def format_spread(self) -> float:
        """See :func:`~alignbench.evaluation.formats.format_spread`."""
        return format_spread(self.formats)

    @property
    def items(self) -> list[str]:
        """Item ids, in the order of the frames."""
        return self.frames[0]["item"].tolist()

    @property
    def batteries(self) -> list[str]:
        """The battery of each item."""
        return self.frames[0]["battery"].tolist()

    def column(self, name: str) -> dict[str, Any]:
        """Item id -> the first seed's value of a column."""
        return dict(zip(self.items, self.frames[0][name].tolist(), strict=True))

    def js(self, items: Sequence[str]) -> Array:
        """Scores of these items, shape (seeds, items)."""
        place = {item: i for i, item in enumerate(self.items)}
        order = [place[item] for item in items]
        return np.stack([frame["js"].to_numpy()[order] for frame in self.frames])

    def mean(self, column: str) -> float:
        """Mean over seeds and the items that have a value; NaN if none has."""
        return float(pd.concat(list(self.frames))[column].mean())


def to_table(scored: Iterable[Scored]) -> pd.DataFrame:
    """One row per entry and item: label, kind, own, base, key, formats (JSON), and the columns of ``score_items``.

    Raises:
        AlignbenchError: an entry of several seeds, which are pooled from the tables of single cells.
    """
    parts = []
    for entry in scored:
        check(len(entry.frames) == 1, "items", entry.label, "a table holds one seed of each row")
        facts = {name: getattr(entry, name) for name in _OF_ROW} | {"formats": json.dumps(dict(entry.formats))}
        parts.append(entry.frames[0].assign(**facts)[[*_OF_ROW, *entry.frames[0].columns]])
    return pd.concat(parts, ignore_index=True)


def from_table(table: pd.DataFrame) -> list[Scored]:
    """Inverse of :func:`to_table`."""
    found = []
    for label, rows in table.groupby("label", sort=False):
        first = rows.iloc[0]
        own = None if pd.isna(first["own"]) else str(first["own"])
        frame = rows.drop(columns=_OF_ROW).reset_index(drop=True)
        entry = Scored(str(label), first["kind"], [frame], str(first["key"]), bool(first["base"]), own)
        found.append(replace(entry, formats=json.loads(first["formats"])))
    return found


def load(folder: Path) -> list[Scored]:
    """The entries of a folder that holds :data:`ITEMS`."""
    return from_table(pd.read_parquet(folder / ITEMS))


def pool_seeds(boards: Mapping[int, Sequence[Scored]]) -> list[Scored]:
    """The entries of several seeds as one list, in order of appearance; references come last and once.

    Answers that do not depend on the seed (same key) count once.
    """
    found: dict[str, dict[str, Scored]] = {}
    for seed in sorted(boards):
        for entry in boards[seed]:
            found.setdefault(entry.label, {}).setdefault(entry.key, entry)
    pooled = [_pooled(list(seeds.values())) for seeds in found.values()]
    return sorted(pooled, key=lambda entry: entry.kind == "reference")


def _pooled(seeds: Sequence[Scored]) -> Scored:
    return replace(
        seeds[0],
        frames=[seed.frames[0] for seed in seeds],
        key=" ".join(seed.key for seed in seeds),
        formats=mean_over_seeds([seed.formats for seed in seeds]),
    )
