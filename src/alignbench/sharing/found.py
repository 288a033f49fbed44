"""The finished cell that is to be shared, taken from the store; nothing is trained or asked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from alignbench.config import typed
from alignbench.data.people import Person
from alignbench.data.source import Source
from alignbench.data.source.world import PlantedWorld
from alignbench.method import RunContext
from alignbench.report.record import CellRecord
from alignbench.report.study import config_of, finished
from alignbench.runs.answered import BASE
from alignbench.runs.cell import Cell
from alignbench.runs.compare import compare
from alignbench.store.stages import Pending, Stage
from alignbench.types import AlignedModel, check


@dataclass(frozen=True)
class Found:
    """A finished cell and what its method made.

    Attributes:
        config: ``choices`` and ``knobs`` of the run.
        private: the prompts were made from respondents whose data may not be passed on.
    """

    cell: Cell
    model: AlignedModel
    record: CellRecord
    stage: Stage
    config: Mapping[str, Any]
    private: bool

    @property
    def stages(self) -> Mapping[str, Stage]:
        """What the model rests on, by name of the stage."""
        root = self.cell.store.root
        return {name: Stage(name, str(key), root / name / str(key)) for name, key in self.model.provenance.items()}


def chosen(cfg: DictConfig, folders: tuple[Path, ...]) -> Found:
    """The cell that ``cfg`` describes.

    Raises:
        AlignbenchError: it is not finished, or its method makes nothing.
    """
    return of_cell(Cell.from_config(cfg, folders, build_missing=False))


def of_fit(key: str, store: Path, folders: tuple[Path, ...]) -> Found:
    """The newest cell whose own training is the stage ``fit/<key>``.

    Raises:
        AlignbenchError: no finished cell rests on it.
    """
    own = [
        done
        for done in finished(store)
        if (own_row := done.record.aligned)
        and (f"fit of {own_row.label}", key) in {(s.what, s.key) for s in done.record.provenance}
    ]
    config = own[-1].config if own else {}
    check(bool(config), "task.fit", key, f"no finished cell of {store} was trained by this stage (see task=plan)")
    cell = Cell.from_config(typed({**config["knobs"], "store": str(store)}), folders, build_missing=False)
    return of_cell(replace(cell, choices=config["choices"], changed=config["changed"]))


def of_cell(cell: Cell) -> Found:
    """The finished ``cell``; its store must only plan.

    Raises:
        AlignbenchError: as in :func:`chosen`.
    """
    name, same = cell.choices["method"], cell.method.parts == cell.baselines[BASE].parts
    check(not same, "method", name, "this is the base model as it is: there is nothing to share")
    try:
        record, stage = compare(cell)
    except Pending as missing:
        remedy = "this cell is not finished: run it first (the same command without task=export)"
        check(False, "task", f"export {cell.slug}, {missing} is missing", remedy)
    context, asked = _watched(cell.context(cell.culture))
    model = cell.method.fit(context)
    real = type(cell.source).people is not Source.people and not isinstance(cell.source, PlantedWorld)
    return Found(cell, model, record, stage, config_of(stage.path) or cell.config, private=real and bool(asked))


def _watched(context: RunContext) -> tuple[RunContext, list[str]]:
    """The context, and a list that grows when respondents are drawn."""
    asked: list[str] = []

    def people(iso3: str, count: int) -> tuple[tuple[Person, ...], str | None]:
        asked.append(iso3)
        return context.people(iso3, count)

    return replace(context, people=people), asked
