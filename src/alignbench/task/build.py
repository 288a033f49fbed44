"""``task=build``: some stages of a cell, and what they rest on; no scores, no page."""

from dataclasses import dataclass

from omegaconf import DictConfig

from alignbench.errors import AlignbenchError
from alignbench.task import Task


@dataclass(frozen=True)
class Build(Task):
    """Builds the stages of a cell that are named, such as those that a sweep shares; a run finds them there."""

    # By name (norms) or by name and key, as task=plan lists them (norms/0123...).
    stages: tuple[str, ...] = ()

    def main(self, cfg: DictConfig) -> None:
        """Build them.

        Raises:
            AlignbenchError: the cell has no such stage.
        """
        from alignbench.backend.engines import SHARED
        from alignbench.backend.lease import claim
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.runs.compare import plan

        cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
        steps = plan(cell)
        names = {step.key: (step.stage.name, f"{step.stage.name}/{step.key}") for step in steps}
        known = {name for pair in names.values() for name in pair}
        if unknown := [name for name in self.stages if name not in known]:
            remedy = f"this cell has {', '.join(sorted({step.stage.name for step in steps}))}; task=plan lists the keys"
            raise AlignbenchError("task.stages", ", ".join(unknown), remedy)
        claim(cell.backend.cards)
        for step in steps:
            if set(names[step.key]) & set(self.stages):
                cell.store.get(step.stage)
