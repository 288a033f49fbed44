"""What is shown of a cell, and of the pooled boards of many: plain values and pictures, no tracker in sight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.evaluation.board import Row, flat
from alignbench.evaluation.catalogue import of_rows
from alignbench.missing import known
from alignbench.record.cell import CellRecord
from alignbench.record.finished import config_of
from alignbench.report.board.groups import CultureBoard


@dataclass(frozen=True)
class Content:
    """A finished cell.

    Attributes:
        key: of its ``score`` stage; the identity of the run.
        config: what was run: names on top, every resolved knob under ``knobs``, stage keys under ``stages``.
        summary: figures of the aligned model (of the base where nothing was aligned), bounds as ``*_low``, ``*_high``.
        curves: figures logged in training, one mapping per update.
        weights: folder of the training that made the aligned model; None where no weight was changed.
    """

    key: str
    name: str
    experiment: str | None
    tags: tuple[str, ...]
    notes: str
    config: Mapping[str, Any]
    summary: Mapping[str, float]
    curves: tuple[Mapping[str, float], ...]
    tables: Mapping[str, pd.DataFrame]
    pictures: Mapping[str, Path]
    weights: Path | None
    record: CellRecord

    @classmethod
    def of(cls, stage: Path) -> Content:
        """Read the ``score`` stage at ``stage`` and what it rests on."""
        record = CellRecord.load(stage)
        ran, cell = config_of(stage), record.cell
        picture = stage / (record.pool.picture or "") if record.pool else None
        own = record.aligned.label if record.aligned else None
        fit = next((s.key for s in record.provenance if s.what == "fit" and s.row == own), None)
        return cls(
            key=stage.name,
            name=cell.page,
            experiment=ran.get("experiment"),
            tags=(cell.method, cell.culture, cell.model),
            notes=" ".join(note for note in (record.warning, *record.notes) if note),
            config={
                **{k: v for k, v in asdict(cell).items() if k not in ("labels", "choices")},
                "choices": ran.get("choices", {}),
                "knobs": ran.get("knobs", {}),
                "stages": {s.title: s.key for s in record.provenance if s.key},
            },
            summary=summary(record),
            curves=tuple({k: v for k, v in row.items() if v is not None} for row in record.history or ()),
            tables={name: table for name, table in tables(record).items() if len(table)},
            pictures={"norm_pool": picture} if picture and picture.is_file() else {},
            weights=stage.parents[1] / "fit" / fit if fit else None,
            record=record,
        )


@dataclass(frozen=True)
class BoardContent:
    """The pooled board of a group of cells.

    Attributes:
        pictures: kind (``heat_map``, ``cultural_map``) -> caption -> file.
    """

    key: str
    group: str
    table: pd.DataFrame
    pictures: Mapping[str, Mapping[str, Path]]

    @property
    def name(self) -> str:
        """For people."""
        return f"board of {self.group}"


def summary(record: CellRecord) -> dict[str, float]:
    """Figures of the headline row with their bounds, of the rows that serve it, of the base and of the sanity rows."""
    row, control, base = record.headline, record.control, record.base
    found: dict[str, float | None] = {}
    for name in of_rows():
        found |= zip((name, f"{name}_low", f"{name}_high"), row.figure(name), strict=True)
    if control:
        found |= {f"own_minus_cross{end}": getattr(control, f"difference{end}") for end in ("", "_low", "_high")}
        found["own_minus_cross_p_raw"] = control.p_raw
    found["base_score"] = base.score if base else None
    found["prompted_score"] = record.prompted.score if record.prompted else None
    found |= {f"sanity/{r.label}": r.score for r in record.rows if r.kind == "reference"}
    found |= {f"elsewhere/{e.name}": e.difference for e in record.elsewhere}
    found["items_asked"] = row.items  # not "items": so the table is called
    return {name: number for name, value in found.items() if (number := known(value)) is not None}


def tables(record: CellRecord) -> dict[str, pd.DataFrame]:
    """The board; scores of items; answers, a row an option; samples; other countries; provenance."""
    labels = tuple(r.label for r in record.board if any(r.label in i.models for i in record.items))
    items = [
        {"item": i.id, "battery": i.battery, "question": i.question, **{label: i.scores[label] for label in labels}}
        for i in record.items
    ]
    answers = [
        {"item": i.id, "question": i.question, "option": option, "survey": i.survey[k]}
        | {label: i.models[label][k] for label in labels}
        for i in record.items
        for k, option in enumerate(i.options)
    ]
    return {
        "board": table_of(map(flat, record.board)),
        "items": table_of(items),
        "answers": table_of(answers),
        "samples": table_of(map(asdict, record.samples)),
        "elsewhere": table_of(map(asdict, record.elsewhere)),
        "provenance": table_of(map(asdict, record.provenance)),
    }


def table_of(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A table of plain values as they are: None stays None, a whole number stays one."""
    return pd.DataFrame(list(rows), dtype=object)


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
