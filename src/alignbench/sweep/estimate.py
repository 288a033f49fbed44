"""What pending stages will cost, by the manifests of past ones."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from alignbench.runs.plan import Step
from alignbench.store.store import State


@dataclass(frozen=True)
class Cost:
    """Medians of ``runs`` finished stages: seconds, tokens, and MiB at the peak."""

    runs: int
    seconds: float
    tokens: float
    memory: float


class Past:
    """The finished stages of a store, looked up by name and model."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, list[dict[str, Any]]] = {}

    def cost(self, stage: str, model: str) -> Cost | None:
        """What a stage of this name cost on the model (its fingerprint); None if there was none.

        Stages that use no model count for every model.
        """
        found = [m for m in self._manifests(stage) if model in (used := set(_models(m["inputs"]))) or not used]
        if not found:
            return None
        tokens = [sum(m["facts"].get(name, 0) for name in ("prompt_tokens", "generated_tokens")) for m in found]
        return Cost(
            len(found),
            median(m["wall_seconds"] for m in found),
            median(tokens),
            median(m["peak_memory_mib"] for m in found),
        )

    def _manifests(self, stage: str) -> list[dict[str, Any]]:
        if stage not in self._read:
            files = sorted((self.root / stage).glob("*/manifest.json"))
            self._read[stage] = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return self._read[stage]


def ahead(plans: Iterable[Sequence[Step]]) -> Counter[str]:
    """Stage name -> how many are still to be built, each counted once however many cells share it."""
    waiting = {(step.stage.name, step.key) for steps in plans for step in steps if step.state is not State.done}
    return Counter(name for name, _ in waiting)


def _models(inputs: Any) -> Iterator[str]:
    """Fingerprints of the models among the inputs of a stage."""
    if isinstance(inputs, Mapping):
        if set(inputs) == {"model", "template", "dtype"}:
            yield str(inputs["model"])
        for held in inputs.values():
            yield from _models(held)
    elif isinstance(inputs, list):
        for held in inputs:
            yield from _models(held)
