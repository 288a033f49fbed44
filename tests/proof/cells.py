"""Cells of trials: their keys without building anything, and their results in an empty store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir
from alignbench.identity import canonical
from alignbench.runs.cell import Cell
from alignbench.runs.compare import compare, score_of
from tests.composing import composed
from tests.proof.knobs import QUICK, SCRIPTED, Trial
from tests.proof.writer import Scripted

# What says how and when a record was made, and by which key it is found.
_CIRCUMSTANCES = ("provenance", "key", "title", "labels", "changed", "choices", "model", "licence", "reading")


def cell_of(words: tuple[str, ...], folder: Path, looking: bool = False) -> Cell:
    """The cell of these words, its store in ``folder``; :data:`SCRIPTED` among them has the script write and judge."""
    cfg = composed(*QUICK, f"store={folder}/store", f"reports={folder}/reports", *(w for w in words if w != SCRIPTED))
    HydraConfig.instance().set_config(cfg)
    cell = Cell.from_config(cfg, (conf_dir(),), looking=looking)
    if SCRIPTED not in words:
        return cell
    held = {name: part for name in ("author", "judge") if hasattr(part := getattr(cell, name), "generator")}
    inner = {name: replace(part, generator=Scripted()) for name, part in held.items()}
    return replace(cell, generator=Scripted(), critic=Scripted(), **inner)


def keys_of(trial: Trial, words: tuple[str, ...], folder: Path) -> frozenset[str]:
    """The recipes of its stages that the trial's component may change.

    The record names every knob of a method, so its own key says nothing; it is what the scoring's knobs change.
    """
    score = score_of(cell_of(words, folder, looking=True))
    return frozenset(stage.recipe for stage in score.chain if stage is not score or trial.group == "benchmark")


def results_of(words: tuple[str, ...], folder: Path) -> str:
    """Its figures and weights, in an empty store: the record without circumstances, answers, and adapters."""
    cell = cell_of(words, folder)
    record, _ = compare(cell)
    parts = [canonical(_figures(json.loads(json.dumps(record.to_json()))))]
    for file in sorted((folder / "store").rglob("*")):
        if file.name in ("adapter_model.safetensors", "model.safetensors", "responses.parquet"):
            parts.append(f"{file.parents[1].name} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    return "\n".join([parts[0], *sorted(parts[1:])])


def _figures(data: object) -> object:
    if isinstance(data, dict):
        return {k: _figures(v) for k, v in data.items() if k not in _CIRCUMSTANCES and v is not None}
    return [_figures(v) for v in data] if isinstance(data, list) else data
