"""What a stage may use without it being part of its identity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignbench.backend import Engine
from alignbench.errors import AlignbenchError
from alignbench.store.artifact import Artifact
from alignbench.store.stage import Stage
from alignbench.types import ModelRef

if TYPE_CHECKING:
    from alignbench.store.store import Store


class Tools:
    """The one door from a stage to the world: engines of models, and the folders of the stages that it reads.

    Args:
        reader: the stage that is built; it reads no stage but those that it rests on. None for a reader that is no
            stage (a page, an export).
    """

    def __init__(self, store: Store, reader: Stage | None = None) -> None:
        self._store, self._reader = store, reader
        self._lineage = {before.recipe for before in reader.chain} if reader else set()

    def engine(self, model: ModelRef) -> Engine:
        """The engine of a model, opened when first called; one model holds its weights at a time."""
        return self._store.engine(model)

    def make_room(self) -> None:
        """Free the weights of all engines; one that is used again loads them again."""
        self._store.make_room()

    def folder(self, stage: Stage) -> Path:
        """Where the content of a finished stage lies.

        Raises:
            AlignbenchError: the stage that is built does not rest on this one.
        """
        return self._read(stage).path

    def facts(self, stage: Stage) -> Mapping[str, Any]:
        """What the stage's ``build`` returned.

        Raises:
            AlignbenchError: the stage that is built does not rest on this one.
        """
        return self._read(stage).facts

    def key(self, stage: Stage) -> str:
        """Name of the stage's folder in the store."""
        return self._store.key(stage)

    def _read(self, stage: Stage) -> Artifact:
        own = self._reader
        if own is not None and stage.recipe not in self._lineage:
            remedy = f"{type(own).__name__} does not rest on it: make it one of its fields"
            raise AlignbenchError("stage", f"{stage.name}/{stage.recipe}", remedy)
        return self._store.get(stage)
