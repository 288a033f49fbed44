"""The store: ``<root>/<stage>/<key>/``, each folder complete or absent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from filelock import AcquireReturnProxy, FileLock, Timeout

from alignbench import ranks
from alignbench.progress import say
from alignbench.store.key import key_of
from alignbench.store.manifest import manifest, write_json

Build = Callable[[Path], Mapping[str, Any] | None]
# The stage that all ranks of one training build together.
_TOGETHER = "fit"
_PAUSE = 0.1


class State(Enum):
    """How a stage stands."""

    done = "done"
    running = "running"  # some process holds its lock
    pending = "pending"


class Pending(Exception):
    """A plan reached a stage that is not in the store yet."""

    def __init__(self, stage: str, key: str) -> None:
        self.stage = stage
        self.key = key
        super().__init__(f"{stage}/{key}")


@dataclass(frozen=True)
class Stage:
    """A finished stage."""

    name: str
    key: str
    path: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """The record written when the stage finished."""
        record: dict[str, Any] = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        return record

    @property
    def facts(self) -> dict[str, Any]:
        """What the stage's builder returned."""
        facts: dict[str, Any] = self.manifest["facts"]
        return facts


class Store:
    """Finds stages by key, or builds them once.

    Args:
        root: folder of the store.
        build_missing: False turns the store into a planner: a missing stage raises :class:`Pending`.
    """

    def __init__(self, root: Path, build_missing: bool = True) -> None:
        self.root = root.absolute()
        self.build_missing = build_missing
        self.used: list[Stage] = []
        self.built: list[Stage] = []

    def stage(self, name: str, parts: Mapping[str, Any], build: Build, version: int = 1) -> Stage:
        """The stage ``name`` of these ``parts``: reused if complete, else made by ``build(folder)``.

        ``build`` gets a folder that survives a kill, so it may go on from what it finds there; the
        folder is renamed into place with its manifest once ``build`` returns its facts. Two
        processes that want the same stage: one builds, the other waits and reuses.

        Raises:
            Pending: the stage is missing and this store only plans.
        """
        key = key_of(name, version, parts)
        stage = Stage(name, key, self.root / name / key)
        if not ranks.agreed(self._complete(stage)):
            if not self.build_missing:
                raise Pending(name, key)
            self._build(stage, parts, build, version)
        elif self.build_missing and stage.key not in {s.key for s in self.used}:
            say(f"  reuse  {name}/{key}")
        self.used.append(stage)
        return stage

    def state(self, name: str, key: str) -> State:
        """How the stage stands at this moment, for whichever process."""
        stage = Stage(name, key, self.root / name / key)
        if self._complete(stage):
            return State.done
        lock = _lock_file(stage)
        if not lock.is_file():
            return State.pending
        try:
            FileLock(lock).acquire(timeout=0).lock.release()
        except Timeout:
            return State.running
        return State.pending

    def _complete(self, stage: Stage) -> bool:
        return (stage.path / "manifest.json").is_file()

    def _build(self, stage: Stage, parts: Mapping[str, Any], build: Build, version: int) -> None:
        if not ranks.is_main():
            self._attend(stage, build)
            return
        stage.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock(stage):
            complete, partial = self._complete(stage), _partial(stage)
            if not complete:
                say(f"  {'resume' if partial.exists() else 'build '} {stage.name}/{stage.key}")
                partial.mkdir(exist_ok=True)
            together = stage.name == _TOGETHER
            if together:
                ranks.agreed(complete)
            if complete:
                return
            started = time.time()
            facts = build(partial) or {}
            if together:
                ranks.barrier()
            write_json(partial / "manifest.json", manifest(stage.name, stage.key, version, parts, started, facts))
            partial.rename(stage.path)
            self.built.append(stage)

    def _attend(self, stage: Stage, build: Build) -> None:
        """What a rank that does not write does: build what all build, then wait for rank 0."""
        if stage.name == _TOGETHER and not ranks.agreed(False):
            build(_partial(stage))
            ranks.barrier()
        while not self._complete(stage):
            time.sleep(_PAUSE)

    def _lock(self, stage: Stage) -> AcquireReturnProxy[Any]:
        """Held by the one process that builds ``stage``; the system frees it when that process dies."""
        lock = FileLock(_lock_file(stage))
        try:
            return lock.acquire(timeout=0)
        except Timeout:
            say(f"  wait   {stage.name}/{stage.key}: another process is building it")
            return lock.acquire()


def _partial(stage: Stage) -> Path:
    return stage.path.with_suffix(".partial")


def _lock_file(stage: Stage) -> Path:
    return stage.path.with_suffix(".lock")
