"""What a row of the board rests on, read along the lineage that manifests hold: what it cost, and what made it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.files import read_object
from alignbench.store.key import canonical

_COUNTED = ("prompt_tokens", "generated_tokens", "judge_calls")
# The stage whose key a row of the board carries.
_ANSWERS = "respond"


@dataclass(frozen=True)
class Cost:
    """What one seed took: seconds of wall time, tokens read and written, answers judged."""

    seconds: float = 0.0
    prompt_tokens: float = 0.0
    generated_tokens: float = 0.0
    judge_calls: float = 0.0

    @property
    def tokens(self) -> float:
        """Read and written."""
        return self.prompt_tokens + self.generated_tokens


class Ledger:
    """Looks up the stages that answers rest on; ``key`` is always that of the answers."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._read: dict[tuple[str, str], Mapping[str, Any] | None] = {}

    def cost(self, key: str) -> Cost | None:
        """All stages that the answers rest on, each counted once; None where their lineage is not known."""
        stages = list(self._chain(key).values())
        if any(stage is None or "upstream" not in stage for stage in stages):
            return None
        known = [stage for stage in stages if stage is not None]
        counted = {name: float(sum(_total(s["facts"], name) for s in known)) for name in _COUNTED}
        return Cost(float(sum(s["wall_seconds"] for s in known)), **counted)

    def components(self, key: str) -> dict[str, str]:
        """Group -> class of every component that had a part in the answers."""
        found = [stage.get("components", {}) for stage in self._chain(key).values() if stage is not None]
        return {group: name for components in found for group, name in components.items()}

    def recipe(self, key: str) -> str:
        """A hash of the whole lineage without its seeds: equal where the same was done with another seed."""
        return self._seedless(_ANSWERS, key)

    def folder(self, key: str) -> Path:
        """Where the answers lie."""
        return self._store / _ANSWERS / key

    def _chain(self, key: str) -> dict[tuple[str, str], Mapping[str, Any] | None]:
        """Stage and key -> manifest, None where it cannot be read."""
        found: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        waiting = [(_ANSWERS, key)]
        while waiting:
            place = waiting.pop()
            if place not in found:
                found[place] = manifest = self._manifest(*place)
                waiting += _upstream(manifest)
        return found

    def _manifest(self, stage: str, key: str) -> Mapping[str, Any] | None:
        """None where the stage is gone, and after one line where its manifest cannot be read."""
        folder = self._store / stage / key
        if (stage, key) not in self._read:
            self._read[stage, key] = read_object(folder / "manifest.json") if folder.is_dir() else None
        return self._read[stage, key]

    def _seedless(self, stage: str, key: str) -> str:
        manifest = self._manifest(stage, key)
        if manifest is None:
            return key
        text, above = canonical([stage, _without_seeds(manifest["parts"])]), []
        for name, of in _upstream(manifest):
            above.append(self._seedless(name, of))
            text = text.replace(of, above[-1])
        return hashlib.sha256(f"{text}{sorted(above)}".encode()).hexdigest()[:16]


def _upstream(manifest: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(above["stage"], above["key"]) for above in (manifest or {}).get("upstream", ())]


def _without_seeds(parts: Any) -> Any:
    if isinstance(parts, Mapping):
        return {name: _without_seeds(value) for name, value in parts.items() if name != "seed"}
    return [_without_seeds(value) for value in parts] if isinstance(parts, list) else parts


def _total(facts: Any, name: str) -> float:
    """Sum of all figures of this name, however deep."""
    if not isinstance(facts, Mapping):
        return 0.0
    return sum(value if key == name else _total(value, name) for key, value in facts.items())


def mean(costs: Iterable[Cost | None]) -> Cost | None:
    """The mean of each figure; None where one of the costs is not known."""
    known = list(costs)
    if not known or None in known:
        return None
    return Cost(*(sum(figures) / len(known) for figures in zip(*(vars(cost).values() for cost in known), strict=True)))
