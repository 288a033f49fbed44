"""What a row of the board cost: the stages that its answers rest on, each counted once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_KEY = re.compile(r"^[0-9a-f]{16}$")
_COUNTED = ("prompt_tokens", "generated_tokens", "judge_calls")


@dataclass(frozen=True)
class Cost:
    """Of one seed's chain: seconds of wall time, tokens read and written, answers judged."""

    seconds: float = 0.0
    prompt_tokens: float = 0.0
    generated_tokens: float = 0.0
    judge_calls: float = 0.0

    @property
    def tokens(self) -> float:
        """Read and written."""
        return self.prompt_tokens + self.generated_tokens


class Ledger:
    """Looks up what stages of a store took."""

    def __init__(self, store: Path) -> None:
        folders = (folder for stage in store.iterdir() if stage.is_dir() for folder in stage.iterdir())
        self._folders = {f.name: f for f in folders if _KEY.match(f.name)}

    def cost(self, keys: Iterable[str]) -> Cost:
        """The stages of these keys and all that they name in turn."""
        stages = self._chain(keys)
        counted = {name: float(sum(_total(s["facts"], name) for s in stages)) for name in _COUNTED}
        return Cost(float(sum(s["wall_seconds"] for s in stages)), **counted)

    def folder(self, key: str) -> Path | None:
        """Where the stage lies."""
        return self._folders.get(key)

    def _chain(self, keys: Iterable[str]) -> list[Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key in self._folders and key not in found:
                found[key] = _manifest(self._folders[key])
                waiting += _keys(found[key]["parts"])
        return list(found.values())


@cache
def _manifest(folder: Path) -> Mapping[str, Any]:
    manifest: Mapping[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def _keys(parts: Any) -> list[str]:
    """Whatever in the parts of a stage looks like the key of another."""
    if isinstance(parts, Mapping):
        return [key for value in parts.values() for key in _keys(value)]
    if isinstance(parts, list):
        return [key for value in parts for key in _keys(value)]
    return [parts] if isinstance(parts, str) and _KEY.match(parts) else []


def _total(facts: Any, name: str) -> float:
    """Sum of all figures of this name, however deep."""
    if not isinstance(facts, Mapping):
        return 0.0
    return sum(value if key == name else _total(value, name) for key, value in facts.items())
