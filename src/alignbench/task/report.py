"""``task=report``: every page anew from the store alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class Report(Task):
    """Reads ``<store>/score/*/record.json``; of records with the same page name the newest counts."""

    def main(self, cfg: DictConfig) -> None:
        """Write one page per finished cell, the overview, and its CSV and Markdown."""
        from alignbench.report.index import write_index
        from alignbench.report.page import write_page
        from alignbench.report.record import CellRecord
        from alignbench.runs.cell import slug

        files = sorted(Path(cfg.store).glob("score/*/record.json"), key=lambda f: f.stat().st_mtime)
        check(bool(files), "store", cfg.store, "it holds no finished cell; run one first (task=run)")
        folder = Path(cfg.reports)
        records = {}
        for file in files:
            record = CellRecord.from_json(json.loads(file.read_text(encoding="utf-8")))
            name = slug(record.cell.method, record.cell.culture, record.cell.model, record.cell.seed)
            records[name] = record
            write_page(record, folder / name, file.parent)
        say(f"{len(records)} cells, overview {write_index(records, folder)}")
