"""What of a cell is done and what comes next, told without building anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from alignbench.runs.cell import Cell
from alignbench.runs.compare import Score, score_of
from alignbench.store.stage import Stage
from alignbench.store.store import State

# Label of what comes after all rows have answered.
RECORD = "record"


@dataclass(frozen=True)
class Step:
    """A stage of a plan: the row that asks for it first, and how it stands."""

    label: str
    stage: Stage
    key: str
    state: State


def plan(cell: Cell) -> list[Step]:
    """Every stage of ``cell``, each once and after those that it reads; all are done once the record is."""
    score, labels = score_of(cell), dict[str, str]()
    for label, stage in _labelled(score):
        labels.setdefault(stage.recipe, label)
    finished = cell.store.find(score) is not None
    return [
        Step(labels[s.recipe], s, cell.store.key(s), State.done if finished else cell.store.state(s))
        for s in score.chain
    ]


def _labelled(score: Score) -> Iterator[tuple[str, Stage]]:
    for row in score.answered:
        for asked in (row.responses, *row.forms.values()):
            yield from ((row.label, stage) for stage in asked.chain)
    yield from ((RECORD, stage) for stage in score.chain)
