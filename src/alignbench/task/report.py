"""``task=report``: every page and every pooled table anew from the store alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Report(Task):
    """Reads the records of ``score`` and ``protocols``; of those of one cell the newest counts."""

    def main(self, cfg: DictConfig) -> None:
        """Write one page per finished cell, the overview with its CSV and Markdown, and what protocols gave.

        Raises:
            AlignbenchError: the store holds no finished cell of either kind.
        """
        from alignbench.report.index import write_index
        from alignbench.report.page import write_page
        from alignbench.report.protocols.write import write_protocols
        from alignbench.report.study import finished
        from alignbench.runs.cell import slug

        store, folder = Path(cfg.store), Path(cfg.reports)
        side_by_side = write_protocols(store, folder)
        if side_by_side:
            say(f"protocols {side_by_side}")
        if side_by_side and not (store / "score").is_dir():
            return
        records = {}
        for stage, record in finished(store):
            name = slug(record.cell.method, record.cell.culture, record.cell.model, record.cell.seed)
            records[name] = record
            write_page(record, folder / name, stage)
        say(f"{len(records)} cells, overview {write_index(records, folder)}")
