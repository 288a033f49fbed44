"""A stage, one step of a chain as a frozen object whose fields are all that it may read, and the door that it has."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from alignbench.backend import Engine
from alignbench.backend.engines import Opener
from alignbench.component import Component
from alignbench.errors import AlignbenchError
from alignbench.identity import digest, inputs, spelt_out, walk
from alignbench.store.seal import MANIFEST
from alignbench.types import ModelRef


def _resting(last: Any, name: str) -> Iterator[Any]:
    """All that ``last`` rests on, each once and after those that it reads, itself last; told apart by attribute."""
    seen: dict[Any, Any] = {}

    def visit(one: Any) -> None:
        for before in one.upstream:
            if getattr(before, name) not in seen:
                visit(before)
        seen[getattr(one, name)] = one

    visit(last)
    return iter(seen.values())


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
        return _resting(self, "path")


@dataclass(frozen=True)
class Stage(ABC):
    """A computation whose inputs are its fields: knobs, components, surveys, models, and the stages before it.

    A subclass is a frozen dataclass. Its key follows from the fields (but for those marked
    :func:`~alignbench.identity.recorded`), its class, its ``version`` and the code that it reaches; nobody lists it.

    Attributes:
        name: folder of the store; stages of different classes may share it.
        version: to be raised where the meaning changes and neither fields nor code show it.
        by_all_ranks: whether all processes of one training build it together.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    by_all_ranks: ClassVar[bool] = False

    @abstractmethod
    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any] | None:
        """Leave the content in ``folder``; the plain facts that are returned go into the manifest.

        The folder survives a kill: a stage may go on from what it finds there.
        """

    def accept(self, facts: Mapping[str, Any]) -> None:  # noqa: B027 (most stages may always be built on)
        """Called before another stage is built on this one.

        Raises:
            AlignbenchError: nothing may rest on it.
        """

    @property
    def tokens(self) -> int:
        """How many tokens a model will read and write for it, by a rough guess from the inputs: for plans alone."""
        return 0

    @property
    def rounds(self) -> int:
        """How many forwards wait for one another while text is drawn: for plans alone; 0 where it is not long."""
        return 0

    def memory(self, cuda: bool) -> float:
        """Bytes that it needs at its peak, by formula: for plans alone; 0 where there is none.

        Args:
            cuda: on a CUDA device, or on a CPU.
        """
        return 0.0

    @cached_property
    def identity(self) -> dict[str, str]:
        """What stands for this stage in the identity of the stages after it."""
        return {"stage": self.name, "recipe": self.recipe}

    @cached_property
    def recipe(self) -> str:
        """Sixteen hex digits that name class, version and inputs, whatever code carries them out."""
        return digest({"stage": self.name, "version": self.version, **spelt_out(self)})

    @cached_property
    def held(self) -> tuple[tuple[str, Any], ...]:
        """Name and value of every dataclass among the inputs, however deep; other stages are not looked into."""
        return tuple(pair for name, value in inputs(self) for pair in walk(value, name))

    @cached_property
    def upstream(self) -> tuple[Stage, ...]:
        """The stages that this one reads, each once."""
        return tuple({stage.recipe: stage for _, stage in self.held if isinstance(stage, Stage)}.values())

    @property
    def chain(self) -> Iterator[Stage]:
        """Every stage that this one rests on, each once and after those that it reads; itself last."""
        return _resting(self, "recipe")

    @property
    def components(self) -> dict[str, Component]:
        """The components that it uses, by the name of the field in which they stand; its own before those in them."""
        found = (*self.held, *inputs(self))
        return {name: value for name, value in found if isinstance(value, Component)}


@dataclass(frozen=True)
class Tools:
    """The one door from a stage to the world: engines of models, and the folders of the stages that it reads.

    Attributes:
        opener: opens models.
        get: the finished stage, built if need be.
        key: name of a stage's folder in the store.
        reader: the stage that is built; it reads no stage but those that it rests on. None for a reader that is no
            stage (a page, an export).
    """

    opener: Opener
    get: Callable[[Stage], Artifact]
    key: Callable[[Stage], str]
    reader: Stage | None = None

    def engine(self, model: ModelRef) -> Engine:
        """The engine of a model, opened when first called; one model holds its weights at a time."""
        return self.opener(model)

    def make_room(self) -> None:
        """Free the weights of all engines; one that is used again loads them again."""
        self.opener.close()

    def folder(self, stage: Stage) -> Path:
        """Where the content of a finished stage lies.

        Raises:
            AlignbenchError: the stage that is built does not rest on this one.
        """
        return self._read(stage).path

    def facts(self, stage: Stage) -> Mapping[str, Any]:
        """What the stage's ``build`` returned; refused as :meth:`folder` is."""
        return self._read(stage).facts

    def _read(self, stage: Stage) -> Artifact:
        if self.reader is not None and stage.recipe not in self._lineage:
            remedy = f"{type(self.reader).__name__} does not rest on it: make it one of its fields"
            raise AlignbenchError("stage", f"{stage.name}/{stage.recipe}", remedy)
        return self.get(stage)

    @cached_property
    def _lineage(self) -> set[str]:
        return {before.recipe for before in self.reader.chain} if self.reader else set()
