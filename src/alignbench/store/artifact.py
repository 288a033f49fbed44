"""What a finished stage left in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artifact:
    """A finished stage, read from its folder alone."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the stage."""
        return self.path.parent.name

    @property
    def key(self) -> str:
        """Its key: recipe and code."""
        return self.path.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The record written when the stage finished."""
        record: dict[str, Any] = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        return record

    @property
    def facts(self) -> dict[str, Any]:
        """What the stage's builder returned."""
        facts: dict[str, Any] = self.manifest["facts"]
        return facts

    @property
    def upstream(self) -> list[Artifact]:
        """The stages that it read, where they are still there."""
        root = self.path.parents[1]
        named = [Artifact(root / entry["stage"] / entry["key"]) for entry in self.manifest["upstream"]]
        return [artifact for artifact in named if (artifact.path / MANIFEST).is_file()]

    @property
    def lineage(self) -> Iterator[Artifact]:
        """Every stage that it rests on, each once; itself last."""
        seen: dict[Path, Artifact] = {}
        self._visit(seen)
        return iter(seen.values())

    def _visit(self, seen: dict[Path, Artifact]) -> None:
        for artifact in self.upstream:
            if artifact.path not in seen:
                artifact._visit(seen)
        seen[self.path] = self
