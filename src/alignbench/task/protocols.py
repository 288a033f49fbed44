"""``task=protocols``: the published protocols side by side, from one pass of responses."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.protocols.recipe import Pass
from alignbench.task import Task


@dataclass(frozen=True)
class Protocols(Pass, Task):
    """Knobs of :class:`~alignbench.protocols.recipe.Pass`; finished passes are reused."""

    def main(self, cfg: DictConfig) -> None:
        """Print the cell's table, and write what all cells of the store give together."""
        from alignbench.protocols.measure import measure
        from alignbench.protocols.table import print_protocols, write_protocols
        from alignbench.runs.cell import Cell, config_folders

        cell = Cell.from_config(cfg, config_folders())
        record, stage = measure(cell, self)
        print_protocols(record)
        say(f"record {stage.path}\nall    {write_protocols(cell.store.root, Path(cfg.reports))}")
