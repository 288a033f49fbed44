"""The pooled boards of many cells as a table, and their heat maps of culture x method."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from alignbench.evaluation.board import Row, flat
from alignbench.report.board.groups import CultureBoard
from alignbench.tracking.content import table_of

# Where the colours end, on every picture, so that one colour is one figure.
_END = 0.15


def table(boards: Sequence[CultureBoard]) -> pd.DataFrame:
    """Their rows, each after the place where it stands."""
    return table_of(
        {"world": world.name, "split": split, "model": model, "culture": board.culture, **flat(row)}
        for board in boards
        for world, split, model in [board.place]
        for row in board.rows
    )


def heat_maps(boards: Sequence[CultureBoard], folder: Path) -> list[Path]:
    """One picture per world, split and model, culture x method: colour and figure are the difference to the base model.

    A dot marks a difference whose interval holds no zero.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for place in dict.fromkeys(board.place for board in boards):
        rows = {(board.culture, row.label): row for board in boards if board.place == place for row in board.rows}
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
