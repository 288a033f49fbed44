"""The finished cell that is to be shared, taken from the store; nothing is trained or asked here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.aligned import AlignedModel
from alignbench.config import typed
from alignbench.data.people import Person
from alignbench.data.source import SurveySource
from alignbench.data.source.world import PlantedWorld
from alignbench.errors import AlignbenchError
from alignbench.evaluation.items import BASE
from alignbench.identity import identity
from alignbench.method import RunContext
from alignbench.record.cell import CellRecord
from alignbench.record.finished import config_of, finished
from alignbench.runs.cell import Cell
from alignbench.runs.compare import score_of
from alignbench.runs.recipe import lineage
from alignbench.store.stage import Artifact
from alignbench.types import check

# Name of training stages.
_FIT = "fit"


@dataclass(frozen=True)
class ShareableCell:
    """A finished cell and what its method made.

    Attributes:
        config: ``choices`` and ``knobs`` of the run.
        private: the prompts were made from respondents whose data may not be passed on.
    """

    cell: Cell
    model: AlignedModel
    record: CellRecord
    stage: Artifact
    config: Mapping[str, Any]
    private: bool

    @property
    def stages(self) -> Mapping[str, Artifact]:
        """What the model rests on, by name of the stage."""
        stages = (self.cell.store.find(stage) for stage in lineage(self.model)[0])
        return {stage.name: stage for stage in stages if stage}


def of_fit(key: str, store: Path, folders: tuple[Path, ...]) -> ShareableCell:
    """The newest cell whose own training is the stage ``fit/<key>``.

    Raises:
        AlignbenchError: no finished cell rests on it.
    """
    own = [
        done
        for done in finished(store)
        if (row := done.record.aligned)
        and (_FIT, key, row.label) in {(s.what, s.key, s.row) for s in done.record.provenance}
    ]
    config = own[-1].config if own else {}
    check(bool(config), "task.fit", key, f"no finished cell of {store} was trained by this stage (see task=plan)")
    cell = Cell.from_config(typed({**config["knobs"], "store": str(store)}), folders, looking=True)
    return of_cell(replace(cell, choices=config["choices"], changed=config["changed"]))


def of_cell(cell: Cell) -> ShareableCell:
    """The finished ``cell``, if it is finished.

    Raises:
        AlignbenchError: it is not finished, or its method makes nothing.
    """
    name, same = cell.choices["method"], identity(cell.method) == identity(cell.baselines[BASE])
    check(not same, "method", name, "this is the base model as it is: there is nothing to share")
    score = score_of(cell)
    stage = cell.store.find(score)
    if stage is None:
        missing = next(s for s in score.chain if cell.store.find(s) is None)
        remedy = "this cell is not finished: run it first (the same command without task=export)"
        value = f"export {cell.slug}, {missing.name}/{cell.store.key(missing)} is missing"
        raise AlignbenchError("task", value, remedy)
    context, asked = _watched(cell.context(cell.culture))
    model = cell.method.align(context)
    real = type(cell.source).people is not SurveySource.people and not isinstance(cell.source, PlantedWorld)
    record = CellRecord.load(stage.path)
    return ShareableCell(cell, model, record, stage, config_of(stage.path) or cell.config, private=real and bool(asked))


def _watched(context: RunContext) -> tuple[RunContext, list[str]]:
    """The context, and a list that grows when respondents are drawn."""
    asked: list[str] = []

    def people(iso3: str, count: int) -> tuple[tuple[Person, ...], str | None]:
        asked.append(iso3)
        return context.people(iso3, count)

    return replace(context, people=people), asked
