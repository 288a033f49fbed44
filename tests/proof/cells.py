"""Cells of trials: their keys without building anything, and their results in an empty store."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir
from alignbench.identity import canonical
from alignbench.judge.guard import GuardJudge
from alignbench.runs.cell import Cell
from alignbench.runs.compare import compare, score_of
from alignbench.steps.practice import Fit
from alignbench.store.stage import Stage
from alignbench.testing import composed
from alignbench.training.hyper import WEIGHTS_FILE
from tests.proof.knobs import QUICK, SCRIPTED
from tests.proof.methods import SLOTS
from tests.proof.trials import Trial
from tests.proof.writer import Scripted

# What says how and when a record was made, and by which key it is found.
_CIRCUMSTANCES = ("provenance", "key", "title", "labels", "changed", "choices", "model", "licence", "reading")
_WEIGHTS = ("adapter_model.safetensors", "model.safetensors", WEIGHTS_FILE)
# Figures of a training that sums in another order differ by less.
_ROUNDING = 2e-3


def cell_of(words: tuple[str, ...], folder: Path, looking: bool = False) -> Cell:
    """The cell of these words, its store in ``folder``; :data:`SCRIPTED` among them has the script write and judge."""
    ours = [word for word in words if word.startswith(SCRIPTED)]
    rest = [word for word in words if word not in ours]
    cfg = composed(*QUICK, f"store={folder}/store", f"reports={folder}/reports", *rest)
    HydraConfig.instance().set_config(cfg)
    cell = Cell.from_config(cfg, (conf_dir(),), looking=looking)
    if SCRIPTED not in words:
        return cell
    voices = dict.fromkeys(SLOTS, 0) | {word.removeprefix(f"{SCRIPTED}.").removesuffix("=1"): 1 for word in ours[1:]}
    who = {slot: Scripted(voice) for slot, voice in voices.items()}
    held = {slot: part for slot in ("author", "judge") if hasattr(part := getattr(cell, slot), "generator")}
    inner = {slot: replace(part, generator=who[slot]) for slot, part in held.items()}
    if isinstance(cell.judge, GuardJudge):
        inner["judge"] = replace(cell.judge, first=who["judge"], second=Scripted(voices["judge"] + 2))
    return replace(cell, generator=who["generator"], critic=who["critic"], **inner)


@dataclass(frozen=True)
class Keys:
    """The recipes of a cell's stages that a trial's component may change.

    Attributes:
        chain: those stages as objects: where these are equal, whatever is built of them is.
        fits: recipes of trainings alone.
    """

    every: frozenset[str]
    fits: frozenset[str]
    chain: tuple[Stage, ...]


def keys_of(trial: Trial, words: tuple[str, ...]) -> Keys:
    """The record names every knob of a method, so its own key says nothing; it is what the scoring's knobs change."""
    score = score_of(cell_of(words, Path("nowhere"), looking=True))
    chain = tuple(stage for stage in score.chain if stage is not score or trial.group == "scoring")
    fits = frozenset(stage.recipe for stage in chain if isinstance(stage, Fit))
    return Keys(frozenset(stage.recipe for stage in chain), fits, chain)


def results_of(words: tuple[str, ...], folder: Path) -> str:
    """Its figures and weights, in an empty store: the record without circumstances, answers, and adapters."""
    cell = cell_of(words, folder)
    record, _ = compare(cell)
    parts = [canonical(_figures(json.loads(json.dumps(record.to_json()))))]
    store = folder / "store"
    for file in sorted(store.rglob("*")):
        if file.name in (*_WEIGHTS, "responses.parquet"):
            parts.append(f"{file.relative_to(store).parts[0]} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    return "\n".join([parts[0], *sorted(parts[1:])])


@dataclass(frozen=True)
class Results:
    """What :func:`results_of` gave."""

    text: str

    @property
    def weights(self) -> list[str]:
        """Hashes of what was trained."""
        return [line for line in self.text.splitlines()[1:] if line.startswith(f"{Fit.name} ")]

    def alike(self, other: Results) -> bool:
        """Whether all figures are the same but for what another order of sums may change."""
        return _near(*(json.loads(results.text.splitlines()[0]) for results in (self, other)))


def _near(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_near(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_near, one, other))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, abs_tol=_ROUNDING, rel_tol=_ROUNDING)
    return bool(one == other)


def _figures(data: object) -> object:
    if isinstance(data, dict):
        return {k: _figures(v) for k, v in data.items() if k not in _CIRCUMSTANCES and v is not None}
    return [_figures(v) for v in data] if isinstance(data, list) else data
