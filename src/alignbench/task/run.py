"""``task=run``: one cell from config to page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Run(Task):
    """Fit, respond, score, report. Re-issuing the same command resumes or reuses."""

    def main(self, cfg: DictConfig) -> None:
        """Run the cell of ``cfg``, print its table and write its page."""
        from alignbench.config import instantiate
        from alignbench.report.extra import extras_of, finished_extras
        from alignbench.report.page import write_page
        from alignbench.report.table import print_table
        from alignbench.runs.cell import Cell, config_folders, experiment
        from alignbench.runs.compare import compare

        tracker = instantiate(cfg.tracking).open(Path(cfg.reports))
        cell = Cell.from_config(cfg, config_folders())
        record, stage = compare(cell)
        extras = extras_of(record.cell, finished_extras(cell.store.root))
        page = write_page(record, Path(cfg.reports) / cell.slug, stage.path, extras)
        print_table(record)
        say(f"page   {page}\nrecord {stage.path / 'record.json'}")
        tracker.cell(stage.path, experiment())
