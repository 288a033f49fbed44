"""The pooled board of many cells, and its heat map of culture x method."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alignbench.evaluation.board import Row, flat
from alignbench.record.finished import FinishedCell, with_items
from alignbench.record.lineage import Lineage
from alignbench.report.board.groups import PanelPlace, groups
from alignbench.tracking.content import PlainTable, table_of

# Where the colours end, on every picture, so that one colour is one figure.
_END = 0.15


class PlacedRow(NamedTuple):
    """A row of a pooled board, and where it stands."""

    place: PanelPlace
    culture: str
    row: Row


def pooled(cells: Sequence[FinishedCell], store: Path) -> list[PlacedRow]:
    """Rows of one board per world, split, model and culture, seeds averaged before intervals are made.

    Cells whose scores by item cannot be read are left out.
    """
    found = groups(with_items(cells), Lineage(store))
    return [PlacedRow(group.place, group.culture, row) for group in found for row in group.rows]


def table(placed: Sequence[PlacedRow]) -> PlainTable:
    """The same as plain values."""
    places = ({"world": p.place.world.name, "split": p.place.split, "model": p.place.model} for p in placed)
    return table_of([{**place, "culture": p.culture, **flat(p.row)} for place, p in zip(places, placed, strict=True)])


def heat_maps(placed: Sequence[PlacedRow], folder: Path) -> list[Path]:
    """One picture per world, split and model, culture x method: colour and figure are the difference to the base model.

    A dot marks a difference whose interval holds no zero.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for place in dict.fromkeys(p.place for p in placed):
        rows = {(p.culture, p.row.label): p.row for p in placed if p.place == place}
        rows = {at: row for at, row in rows.items() if row.kind == "method" and row.difference is not None}
        if rows:
            name = re.sub(r"[^\w.-]+", "_", f"{place.model} {place.world.name} {place.split}")
            found.append(_heat_map(rows, f"{place.model}, {place.world.name}", folder / f"{name}.png"))
    return found


def _heat_map(rows: dict[tuple[str, str], Row], title: str, path: Path) -> Path:
    from matplotlib.figure import Figure

    cultures, methods = (list(dict.fromkeys(place[k] for place in rows)) for k in (0, 1))
    grid = np.full((len(cultures), len(methods)), np.nan)
    figure = Figure(figsize=(2.5 + 1.1 * len(methods), 1.4 + 0.45 * len(cultures)), layout="constrained", dpi=150)
    axes = figure.subplots()
    for (culture, method), row in rows.items():
        y, x = cultures.index(culture), methods.index(method)
        grid[y, x] = row.difference
        low, high = row.difference_low, row.difference_high
        clear = low is not None and high is not None and (low > 0 or high < 0)
        axes.text(x, y, f"{row.difference:+.3f}{' •' if clear else ''}", ha="center", va="center", fontsize=8)
    image = axes.imshow(grid, cmap="RdBu", vmin=-_END, vmax=_END, aspect="auto")
    axes.set_xticks(range(len(methods)), methods, rotation=30, ha="right")
    axes.set_yticks(range(len(cultures)), cultures)
    axes.set_title(f"{title}: difference to the base model (•: interval without zero)", fontsize=9)
    figure.colorbar(image, ax=axes)
    figure.savefig(path)
    return path
