"""``task=probe``: what a model can show of countries, in minutes and before any sweep."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.probe.recipe import Probing
from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class ProbeTask(Probing, Task):
    """Knobs of :class:`~alignbench.probe.recipe.Probing`; a probe resumes, and a finished one loads no model."""

    def main(self, cfg: DictConfig) -> None:
        """Print the verdict with its figures, and write its page."""
        from alignbench.backend.engines import SHARED
        from alignbench.probe.measure import probe
        from alignbench.probe.page import write_page
        from alignbench.probe.summary import print_probe
        from alignbench.report.origin import Origin
        from alignbench.runs.cell import Cell, config_folders

        cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
        record, stage = probe(cell, self, config_folders())
        print_probe(record)
        page = write_page(record, Path(cfg.reports), Origin.of_command(cell.config["overrides"]))
        say(f"record {stage.path}\npage   {page}")
