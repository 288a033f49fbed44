"""What is shown of one cell, read from the store: plain values, no W&B in sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.evaluation.board import flat
from alignbench.evaluation.catalogue import of_rows
from alignbench.record.cell import CellRecord
from alignbench.record.finished import config_of


@dataclass(frozen=True)
class Content:
    """A finished cell.

    Attributes:
        key: of its ``score`` stage; the identity of the run.
        config: what was run: names on top, every resolved knob under ``knobs``, stage keys under ``stages``.
        summary: figures of the aligned model (of the base where nothing was aligned), bounds as ``*_low``, ``*_high``.
        curves: figures logged in training, one mapping per update.
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
            weights=weights_of(stage.parents[1], record),
            record=record,
        )


def weights_of(store: Path, record: CellRecord) -> Path | None:
    """Folder of the training that made the aligned model, None where no weight was changed."""
    own = record.aligned.label if record.aligned else None
    key = next((s.key for s in record.provenance if s.what == "fit" and s.row == own), None)
    return store / "fit" / key if key else None


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
    found["items"] = row.items
    return {name: value for name, value in found.items() if value is not None}


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
