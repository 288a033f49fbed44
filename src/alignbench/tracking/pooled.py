"""The pooled board of many cells, and its heat map of culture x method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from alignbench.config import instantiate, typed
from alignbench.data.splits import split_survey
from alignbench.evaluation.board import Row
from alignbench.report.record import CellRecord
from alignbench.report.study import pooled_board
from alignbench.tracking.content import ROW_COLUMNS, config_of

LINE_COLUMNS = ("culture", "model", *ROW_COLUMNS)
Line = tuple[Any, ...]
Found = tuple[Path, CellRecord]


def pooled(store: Path, cells: Sequence[Found]) -> list[Line]:
    """Rows of one board per culture and model, the seeds of each method averaged before intervals are made.

    Of cells that differ in nothing they are named by, the newest counts. Cells that left no config (of an older
    version) can not be pooled: their own rows stand.

    Args:
        cells: ``score`` stage and record of each, the oldest first.
    """
    boards: dict[tuple[str, ...], list[Found]] = {}
    for stage, record in cells:
        c = record.cell
        known = "knobs" in config_of(stage)
        boards.setdefault((c.culture, c.model, c.survey, c.split, "" if known else stage.name), []).append(
            (stage, record)
        )
    return [
        (culture, model, *astuple(row))
        for (culture, model, *_, alone), found in sorted(boards.items())
        for row in (found[0][1].board if alone else _board(store, found))
    ]


def _board(store: Path, cells: Sequence[Found]) -> list[Row]:
    names = variant_names([record for _, record in cells])
    newest = {(names[id(record)], record.cell.seed): record for _, record in cells}
    cfg = typed(config_of(cells[0][0])["knobs"])
    source, culture, knobs = (instantiate(cfg[group]) for group in ("survey", "culture", "benchmark"))
    survey = split_survey(source.load((culture,)), source.splits())[knobs.split]
    return pooled_board(newest.values(), store, survey, culture.iso3, knobs, lambda record: names[id(record)])


def variant_names(records: Sequence[CellRecord]) -> dict[int, str]:
    """By ``id`` of the record: its method, with the labels in which the cells of that method differ."""
    found = {}
    for record in records:
        facts = _facts(record)
        others = [_facts(r) for r in records if r.cell.method == record.cell.method]
        differing = [k for k in facts if len({other.get(k) for other in others}) > 1]
        found[id(record)] = " ".join([record.cell.method, *(f"{k}={facts[k]}" for k in differing)])
    return found


def _facts(record: CellRecord) -> dict[str, str]:
    return {"training": str(record.cell.training), **record.cell.labels}


def heat_maps(lines: Sequence[Line], folder: Path) -> list[Path]:
    """One picture a model, culture x method: colour and figure are the difference to the base model.

    A dot marks a difference whose interval holds no zero.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for model in dict.fromkeys(line[1] for line in lines):
        rows = {(culture, row.label): row for culture, m, row in map(_row, lines) if m == model}
        rows = {place: r for place, r in rows.items() if r.kind == "method" and r.difference is not None}
        if rows:
            found.append(_heat_map(rows, model, folder / f"{model}.png"))
    return found


def _row(line: Line) -> tuple[str, str, Row]:
    culture, model, *values = line
    return culture, model, Row(*values)


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
    axes.set_title(f"{model}: difference to the base model (•: interval without zero)", fontsize=9)
    figure.colorbar(image, ax=axes)
    figure.savefig(path)
    return path
