"""What was pushed where, so that nothing is pushed twice."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from alignbench.files import written
from alignbench.store.manifest import write_json


@dataclass(frozen=True)
class PushLog:
    """One small file per pushed run. Delete the folder to push everything again."""

    folder: Path

    @contextmanager
    def held(self, run: str) -> Iterator[dict[str, Any]]:
        """What is known of ``run``, for one process at a time; empty if it was never pushed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / f"{run}.lock"):
            file = self._file(run)
            yield json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    def note(self, run: str, facts: Mapping[str, Any]) -> None:
        """Remember that ``run`` was pushed."""
        write_json(self._file(run), facts)

    def groups(self) -> dict[str, list[str]]:
        """Keys of the pushed cells by group, both in order of name."""
        found: dict[str, list[str]] = {}
        for file in written(self.folder, "*.json"):
            for group in json.loads(file.read_text(encoding="utf-8")).get("groups", ()):
                found.setdefault(group, []).append(file.stem)
        return dict(sorted(found.items()))

    def _file(self, run: str) -> Path:
        return self.folder / f"{run}.json"
