"""``task=plan``: what of a cell or a sweep is done, what comes next and what it will cost; no weights, no torch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from alignbench.component import NotNegative
from alignbench.device import Room
from alignbench.errors import AlignbenchError
from alignbench.progress import duration, say
from alignbench.sweep.conduct import Launch, SweepCell
from alignbench.sweep.identity import failure, name_of
from alignbench.task import Task

if TYPE_CHECKING:
    from alignbench.runs.compare import Step
    from alignbench.types import ModelRef


@dataclass(frozen=True)
class Plan(Task):
    """Lists the stages of cells; nothing is built, and no model is made ready or downloaded."""

    # Plan for a CUDA card of so many GiB instead of this machine; 0 is this machine.
    card: NotNegative = 0.0

    @property
    def room(self) -> Room:
        """Where the stages would run."""
        return Room(True, self.card * 2**30) if self.card else Room.here()

    def main(self, cfg: DictConfig) -> None:
        """Print one line per stage: done, running or pending; and what the pending ones will cost."""
        from alignbench.sweep.means import report, unmet

        cell, steps, model = _planned(cfg)
        done = sum(step.state.name == "done" for step in steps)
        say(f"{cell}: {done} of {len(steps)} stages done")
        for step in steps:
            say(f"  {step.state.name:<8} {step.label:<34} {step.stage.name}/{step.key}")
        _say_cost([(model, steps)], Path(cfg.store), self.room.cuda)
        report(unmet(cfg, [step.stage for step in steps if step.state.name != "done"], self.room), self.room)

    def sweep(self, requests: Sequence[SweepCell], launch: Launch) -> None:
        """Print one line per cell, and a summary; nothing is launched."""
        from alignbench.sweep.means import require

        plans = []
        states: Counter[str] = Counter()
        for request in requests:
            with request.entered() as cfg:
                state, name, note, planned = _cell(cfg)
            states[state] += 1
            plans += planned
            say(f"  {state:<8} {name:<40} {note}")
        say(f"\n{len(requests)} cells: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())))
        _say_shared([steps for _, steps in plans])
        _say_cost(plans, Path(requests[0].cfg.store), self.room.cuda)
        require(requests, self.room, refuse=False)


def _cell(cfg: DictConfig) -> tuple[str, str, str, list[tuple[ModelRef, Sequence[Step]]]]:
    """State and name of a cell, what there is to say, and its model with its steps if it can be planned."""
    failed = failure(cfg)
    try:
        name, steps, model = _planned(cfg)
    except AlignbenchError as error:
        return "failed", name_of(cfg), str(error), []
    kinds = Counter(step.state.name for step in steps)
    planned: list[tuple[ModelRef, Sequence[Step]]] = [(model, steps)]
    if kinds["done"] == len(steps):
        return "done", name, "", planned
    waits = ", ".join(sorted({step.stage.name for step in steps if step.state.name != "done"}))
    note = f"{kinds['done']} of {len(steps)} stages done, to come: {waits}"
    if kinds["running"]:
        return "running", name, note, planned
    return ("failed", name, failed["message"], planned) if failed else ("pending", name, note, planned)


def _planned(cfg: DictConfig) -> tuple[str, list[Step], ModelRef]:
    """Name of the cell, its steps, and its model."""
    from alignbench.runs.cell import Cell, config_folders
    from alignbench.runs.compare import plan

    cell = Cell.from_config(cfg, config_folders(), looking=True)
    return cell.slug, plan(cell), cell.model


def _say_shared(plans: Sequence[Sequence[Step]]) -> None:
    cells: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, steps in enumerate(plans):
        for step in steps:
            cells[(step.stage.name, step.key)].add(number)
    shared = Counter(stage for (stage, _), users in cells.items() if len(users) > 1)
    listed = ", ".join(f"{n} {stage}" for stage, n in sorted(shared.items())) or "none"
    say(f"{len(cells)} stages in view, {sum(shared.values())} of them serve several cells: {listed}")


def _say_cost(plans: Sequence[tuple[ModelRef, Sequence[Step]]], store: Path, cuda: bool) -> None:
    """Time, tokens and memory of what is ahead, one line per stage and model."""
    from alignbench.sweep.estimate import PastRuns, ahead

    past, peak, seconds, tokens, guessed = PastRuns(store), 0.0, 0.0, 0.0, False
    for model in {model.fingerprint: model for model, _ in plans}.values():
        waiting = ahead(steps for asked, steps in plans if asked.fingerprint == model.fingerprint)
        for name, stages in sorted(waiting.items()):
            cost, count = past.cost(stages, model, cuda), len(stages)
            source = f"median of {cost.runs}" if cost.runs else "a guess: no past run"
            how = f"{duration(cost.seconds)} each ({source})"
            how += f", {cost.memory / 1024:.1f} GiB" if cost.memory else ""
            say(f"  {count:>4} x {name:<14} {how if cost.runs or cost.tokens else 'no past run, and no guess'}")
            seconds, tokens, peak = seconds + count * cost.seconds, tokens + count * cost.tokens, max(peak, cost.memory)
            guessed |= not cost.runs
    if tokens or seconds:
        memory = f", {peak / 1024:.1f} GiB of memory" if peak else ""
        note = f" (in part guessed from the knobs, for {'one card' if cuda else 'a laptop'})" if guessed else ""
        say(f"Ahead: about {duration(seconds)} for one process, {tokens:,.0f} tokens{memory}{note}")
