"""What pending stages will cost, by the manifests of past ones."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from alignbench.runs.plan import RECORD, Step
from alignbench.store.stages import State


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
        found = [m for m in self._manifests(stage) if _model(m["parts"]) in (None, model)]
        if not found:
            return None
        tokens = [sum(m["facts"].get(name, 0) for name in ("prompt_tokens", "generated_tokens")) for m in found]
        return Cost(
            len(found),
            median(m["wall_seconds"] for m in found),
            median(tokens),
            median(m["peak_memory_mib"] for m in found),
        )

    @cached_property
    def chains(self) -> Mapping[str, frozenset[str]]:
        """Method -> names of the stages that its newest row went through."""
        chains: dict[str, frozenset[str]] = {}
        for m in sorted(self._manifests("score"), key=lambda m: str(m["finished"])):
            for (label, _), made in zip(m["parts"]["responses"], m["parts"]["provenance"], strict=True):
                chains[method_of(label)] = frozenset(made) | {"respond"}
        return chains

    def _manifests(self, stage: str) -> list[dict[str, Any]]:
        if stage not in self._read:
            files = sorted((self.root / stage).glob("*/manifest.json"))
            self._read[stage] = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return self._read[stage]


def method_of(label: str) -> str:
    """The method of a row; a control is labelled "method of country"."""
    return label.partition(" of ")[0]


def ahead(plans: Iterable[Sequence[Step]], past: Past) -> Counter[str]:
    """Stage name -> how many are still to be built, each counted once however many cells share it.

    A plan sees a row up to its first missing stage; what follows is taken from past rows of the method, and without
    any from the fact that every row ends with ``respond``.
    """
    missing: set[tuple[str, str]] = set()
    rows: dict[tuple[str, str, str], frozenset[str]] = {}
    records = 0
    for steps in plans:
        waiting = [step for step in steps if step.state is not State.done]
        missing |= {(step.stage, step.key) for step in waiting}
        records += bool(waiting) and not any(step.label == RECORD and step.stage == "score" for step in waiting)
        seen: dict[str, set[str]] = defaultdict(set)
        for step in steps:
            seen[step.label].add(step.stage)
        for step in waiting:
            if step.label != RECORD:
                chain = past.chains.get(method_of(step.label), frozenset({"respond"}))
                rows[(step.stage, step.key, method_of(step.label))] = chain - seen[step.label]
    counted = Counter(stage for stage, _ in missing)
    counted.update(stage for rest in rows.values() for stage in rest)
    counted["score"] += records
    return +counted


def _model(parts: Mapping[str, Any]) -> str | None:
    """Fingerprint of the model that a stage rests on, None if on no model."""
    found = parts.get("model") or parts.get("models")
    while isinstance(found, list):
        found = found[0]
    return found
