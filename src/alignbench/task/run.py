"""``task=run``: one cell from config to page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench import ranks
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Run(Task):
    """Fit, respond, score, report. Re-issuing the same command resumes or reuses."""

    def main(self, cfg: DictConfig) -> None:
        """Run the cell of ``cfg``, print its table and write its page."""
        from alignbench.backend.engines import SHARED
        from alignbench.backend.lease import claim
        from alignbench.report.page import write_page
        from alignbench.report.table import print_table
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.runs.compare import compare

        cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
        if not self.finished(cfg):
            claim(cell.backend.cards)
        record, stage = compare(cell)
        if not ranks.is_main():
            return
        page = write_page(record, Path(cfg.reports) / cell.slug, stage.path)
        print_table(record)
        say(f"page   {page}\nrecord {stage.path / 'record.json'}")

    def finished(self, cfg: DictConfig) -> bool:
        """Whether the store holds the record; its page is written if it is not there."""
        from alignbench.report.page import write_page
        from alignbench.report.record import CellRecord
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.runs.plan import record_stage

        try:
            cell = Cell.from_config(cfg, config_folders(), build_missing=False)
            stage = record_stage(cell)
        except AlignbenchError:  # the job itself will say it
            return False
        page = Path(cfg.reports) / cell.slug
        if stage and not (page / "index.html").is_file():
            record = json.loads((stage.path / "record.json").read_text(encoding="utf-8"))
            write_page(CellRecord.from_json(record), page, stage.path)
        return stage is not None
