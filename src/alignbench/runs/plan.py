"""What of a cell is done and what comes next, told without building anything."""

from __future__ import annotations

from dataclasses import dataclass

from alignbench.runs.cell import Cell
from alignbench.runs.compare import answered, concluded, entries
from alignbench.store.stages import Pending, Stage, State

# Label of what comes after all rows have answered.
RECORD = "record"


@dataclass(frozen=True)
class Step:
    """A stage of a plan: whose it is, and how it stands."""

    label: str
    stage: str
    key: str
    state: State


def plan(cell: Cell) -> list[Step]:
    """The stages of ``cell`` in order, each row's up to its first missing one; ``cell.store`` must only plan."""
    steps: list[Step] = []
    found = []
    for entry in entries(cell):
        known = len(cell.store.used)
        try:
            found += answered(cell, entry)
            pending = []
        except Pending as missing:
            pending = [_pending(cell, entry.label, missing)]
        steps += [Step(entry.label, s.name, s.key, State.done) for s in cell.store.used[known:]] + pending
    if all(step.state is State.done for step in steps):
        known = len(cell.store.used)
        try:
            concluded(cell, found)
            pending = []
        except Pending as missing:
            pending = [_pending(cell, RECORD, missing)]
        steps += [Step(RECORD, s.name, s.key, State.done) for s in cell.store.used[known:]] + pending
    return steps


def record_stage(cell: Cell) -> Stage | None:
    """The stage with the cell's record, None if the cell is not finished; ``cell.store`` must only plan."""
    try:
        return concluded(cell, [found for entry in entries(cell) for found in answered(cell, entry)])
    except Pending:
        return None


def _pending(cell: Cell, label: str, missing: Pending) -> Step:
    return Step(label, missing.stage, missing.key, cell.store.state(missing.stage, missing.key))
