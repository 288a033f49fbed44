"""The pooled board of many cells, and its heat map of culture x method."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from alignbench.evaluation.board import Row, flat
from alignbench.report.board.groups import groups
from alignbench.report.study import Finished
from alignbench.tracking.content import ROW_COLUMNS, Table

# Culture, model, and a row of their board.
Placed: TypeAlias = tuple[str, str, Row]


def pooled(cells: Sequence[Finished]) -> list[Placed]:
    """Rows of one board per culture and model, the seeds of each method pooled.

    Args:
        cells: the oldest first.
    """
    return [(group.culture, group.model, row) for group in groups(cells) for row in group.rows]


def table(placed: Sequence[Placed]) -> Table:
    """The same as plain values."""
    lines = [(culture, model, *flat(row).values()) for culture, model, row in placed]
    return Table(("culture", "model", *ROW_COLUMNS), lines)


def heat_maps(placed: Sequence[Placed], folder: Path) -> list[Path]:
    """One picture a model, culture x method: the difference to the base model, told the same words if any.

    A dot marks a difference whose interval holds no zero.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for model in dict.fromkeys(model for _, model, _ in placed):
        rows = {(culture, row.label): row for culture, of, row in placed if of == model}
        rows = {place: r for place, r in rows.items() if r.kind == "method" and r.difference is not None}
        if rows:
            name = re.sub(r"[^\w.-]+", "_", model)
            found.append(_heat_map(rows, model, folder / f"{name}.png"))
    return found


def _heat_map(rows: dict[tuple[str, str], Row], model: str, path: Path) -> Path:
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
    reach = float(np.nanmax(np.abs(grid))) or 1.0
    image = axes.imshow(grid, cmap="RdBu", vmin=-1.5 * reach, vmax=1.5 * reach, aspect="auto")
    axes.set_xticks(range(len(methods)), methods, rotation=30, ha="right")
    axes.set_yticks(range(len(cultures)), cultures)
    axes.set_title(f"{model}: difference to the base model told the same words (•: interval without zero)", fontsize=9)
    figure.colorbar(image, ax=axes)
    figure.savefig(path)
    return path
