"""``task=plan``: what of a cell is done, what comes next; no weights, no torch."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Plan(Task):
    """Walks the cell with a store that builds nothing, and stops at the first missing stage of each method."""

    def main(self, cfg: DictConfig) -> None:
        """Print one line per stage: done, or pending."""
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.runs.compare import plan

        cell = Cell.from_config(cfg, config_folders(), build_missing=False)
        steps = plan(cell)
        done = sum(step.done for step in steps)
        say(f"{cell.slug}: {done} stages done, {len(steps) - done} rows wait for the stage marked pending")
        for step in steps:
            say(f"  {'done   ' if step.done else 'pending'}  {step.label:<34} {step.stage}/{step.key}")
