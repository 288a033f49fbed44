"""A store with finished cells that no model ever answered: what a tracker reads, and nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from pathlib import Path

from alignbench.evaluation.board import Row
from alignbench.record.cell import CellFacts, CellRecord, InputRecord, ItemRecord, PoolRecord, Sample

# A picture of one pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BASE_FOLDER = "/models/of/this/machine"
KEY = "0123456789abcde{}"
_NO_ROW = dict.fromkeys([f.name for f in fields(Row)]) | {
    "note": "",
    "key": "k",
    "seeds": 1,
    "items": 3,
    "formats": {},
    "means": {},
}


def row(label: str, kind: str, score: float, difference: float | None = None, **more: object) -> Row:
    bounds = {} if difference is None else {"difference_low": difference - 0.01, "difference_high": difference + 0.01}
    facts = {"label": label, "kind": kind, "method": None, "score": score, "low": score - 0.02, "high": score + 0.02}
    return Row(**{**_NO_ROW, **facts, "difference": difference, **bounds, **more})


def record(method: str, seed: int, trained: bool) -> CellRecord:
    rows = (
        row("base", "base", 0.80),
        row(method, "method", 0.90, 0.10, method=method, specificity=0.02),
        row(f"{method} of China", "control", 0.87, 0.03, method=method),
        row("uniform answers", "reference", 0.85, 0.05),
    )
    models = {r.label: (0.5, 0.5) for r in rows[:3]}
    scores = {r.label: r.score for r in rows[:3]}
    return CellRecord(
        cell=CellFacts(method, "iraq", "Iraq", "tiny", seed, "wvs7", "test"),
        title=f"{method} for Iraq",
        score_name="1 - JSD",
        rows=rows,
        notes=("A note.",),
        items=tuple(ItemRecord(f"Q{k}", "b", "How?", ("yes", "no"), (0.7, 0.3), models, scores) for k in range(3)),
        history=({"update": 1, "loss": 2.0, "validation": None}, {"update": 2, "loss": 1.5, "validation": 0.8})
        if trained
        else None,
        pool=PoolRecord("pool.png", ()) if trained else None,
        samples=(Sample("Why?", "A norm.", "before", "after"),) if trained else (),
        provenance=(InputRecord("fit", "fit", key="f" * 16, row=method),) if trained else (),
    )


def fill(store: Path) -> list[Path]:
    """Three cells, the first with trained weights; their ``score`` folders."""
    made = []
    for number, (method, seed) in enumerate((("culturerl", 0), ("persona", 0), ("persona", 1))):
        stage = store / "score" / KEY.format(number)
        stage.mkdir(parents=True)
        found = record(method, seed, trained=number == 0)
        (stage / "record.json").write_text(json.dumps(found.to_json()))
        (stage / "manifest.json").write_text(json.dumps({"inputs": {"setting": {"scoring": {}}}}))
        (stage / "pool.png").write_bytes(PIXEL)
        made.append(stage)
    config = {"experiment": "main_table", "overrides": [], "choices": {"backend": "hf"}}
    knobs = {"model": {"path": "Qwen/Qwen2.5-0.5B-Instruct"}, "training": {"updates": 2}}
    (made[0] / "config.json").write_text(json.dumps({**config, "knobs": knobs}))
    fit = store / "fit" / ("f" * 16)
    fit.mkdir(parents=True)
    (fit / "adapter_config.json").write_text(json.dumps({"r": 8, "base_model_name_or_path": BASE_FOLDER}))
    (fit / "adapter_model.safetensors").write_bytes(bytes(64))
    return made
