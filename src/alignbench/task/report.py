"""``task=report``: write every page and every pooled table from the store alone."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Report(Task):
    """Reads the records of cells, benchmarks, protocols and probes; of several of one cell the newest leads."""

    def main(self, cfg: DictConfig) -> None:
        """Write one page per finished cell, the board of all, all results as data, and what protocols gave.

        Raises:
            AlignbenchError: the store holds no finished cell or probe.
        """
        from alignbench.files import write_table, write_text
        from alignbench.probe.page import write_pages
        from alignbench.protocols.table import write_protocols
        from alignbench.record.cell import benchmarks_of, finished_benchmarks
        from alignbench.record.finished import finished, pages
        from alignbench.report import board
        from alignbench.report.board.panels import sections
        from alignbench.report.page import accounts, write_page
        from alignbench.report.results import schema_markdown, table

        folder, store = Path(cfg.reports), Path(cfg.store)
        side_by_side = write_protocols(store, folder)
        if side_by_side:
            say(f"protocols {side_by_side}")
        probes = write_pages(store, folder)
        if probes:
            say(f"probes    {', '.join(map(str, probes))}")
        if (side_by_side or probes) and not (store / "score").is_dir():
            return
        cells, benchmarks = finished(store), finished_benchmarks(store)
        shown = pages(cells)
        for cell in cells:
            asked, made = benchmarks_of(cell.record.cell, benchmarks), accounts(cell.record, store)
            write_page(cell.record, folder / shown[cell.stage], cell.stage, asked, made)
        found = board.read(cells, store, folder)
        worlds = sections(found)
        page = board.render(found, worlds)
        write_table(folder / "results.parquet", table(cells, benchmarks, found.lineage, worlds))
        write_text(folder / "results.md", schema_markdown())
        say(f"{len(shown)} cells, board {page}, all figures {folder / 'results.parquet'}")
