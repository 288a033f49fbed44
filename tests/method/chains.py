"""What a method asks for, built: the aligned model and its finished stages."""

from __future__ import annotations

from typing import NamedTuple

from alignbench.aligned import AlignedModel
from alignbench.method import Method
from alignbench.runs.cell import Cell
from alignbench.runs.recipe import lineage
from alignbench.store.stage import Artifact
from alignbench.types import Culture


class Made(NamedTuple):
    """A model and what it rests on."""

    model: AlignedModel
    finished: list[Artifact]

    def stages(self, name: str) -> list[Artifact]:
        """Those of that name, in the order in which they are read."""
        return [stage for stage in self.finished if stage.name == name]

    def stage(self, name: str) -> Artifact:
        """The only one of that name."""
        (found,) = self.stages(name)
        return found

    @property
    def fit(self) -> Artifact:
        """The training."""
        return self.stage("fit")

    @property
    def names(self) -> set[str]:
        """Names of all stages."""
        return {stage.name for stage in self.finished}


def aligned(cell: Cell, culture: Culture | None = None, method: Method | None = None) -> AlignedModel:
    """The cell's method, or another one, on the cell's culture, or on another one; nothing is built."""
    return (method or cell.method).align(cell.context(culture or cell.culture))


def made(cell: Cell, culture: Culture | None = None, method: Method | None = None) -> Made:
    """The same with every stage built."""
    model = aligned(cell, culture, method)
    return Made(model, [cell.store.get(stage) for stage in lineage(model)[0]])


def key(cell: Cell, model: AlignedModel) -> str:
    """Key of its training."""
    assert model.training is not None
    return cell.store.key(model.training)
