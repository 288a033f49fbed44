"""What of a cell is done and what comes next; nothing is built."""

from dataclasses import dataclass

from alignbench.runs.cell import Cell
from alignbench.runs.compare import score_of
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
    for row in score.answered:
        for asked in (row.responses, *row.forms.values()):
            for stage in asked.chain:
                labels.setdefault(stage.recipe, row.label)
    finished = cell.store.find(score) is not None
    return [
        Step(labels.get(s.recipe, RECORD), s, cell.store.key(s), State.done if finished else cell.store.state(s))
        for s in score.chain
    ]
