"""``task=report``: every page and every pooled table anew from the store alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Report(Task):
    """Reads the records of ``score``, ``beside`` and ``protocols``; of those of one cell the newest counts."""

    def main(self, cfg: DictConfig) -> None:
        """Write one page per finished cell, the board of all, all results as data, and what protocols gave.

        Raises:
            AlignbenchError: the store holds no finished cell of either kind.
        """
        from alignbench.report import board
        from alignbench.report.extra import extras_of, finished_extras
        from alignbench.report.generated import accounts
        from alignbench.report.page import write_page
        from alignbench.report.protocols.write import write_protocols
        from alignbench.report.results import table
        from alignbench.report.schema import schema_markdown
        from alignbench.report.study import finished, pages

        folder, store = Path(cfg.reports), Path(cfg.store)
        side_by_side = write_protocols(store, folder)
        if side_by_side:
            say(f"protocols {side_by_side}")
        if side_by_side and not (store / "score").is_dir():
            return
        cells, extras = finished(store), finished_extras(store)
        shown = pages(cells)
        for stage, record in cells:
            if stage in shown:
                beside, made = extras_of(record.cell, extras), accounts(record, store)
                write_page(record, folder / shown[stage], stage, beside, made)
        page = board.write(cells, store, folder)
        table(cells, extras).to_parquet(folder / "results.parquet", index=False)
        (folder / "results.md").write_text(schema_markdown(), encoding="utf-8")
        say(f"{len(shown)} cells, board {page}, all figures {folder / 'results.parquet'}")
