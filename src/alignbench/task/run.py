"""``task=run``: one cell from config to page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from alignbench import ranks
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.task import Task

if TYPE_CHECKING:
    from alignbench.record.cell import CellRecord
    from alignbench.runs.cell import Cell
    from alignbench.store.stage import Artifact


@dataclass(frozen=True)
class Run(Task):
    """Fit, respond, score, report. Re-issuing the same command resumes or reuses."""

    def main(self, cfg: DictConfig) -> CellRecord | None:
        """Run the cell of ``cfg``, print its table and write its page; the record, None in helping processes."""
        from alignbench.backend.engines import SHARED
        from alignbench.backend.lease import claim
        from alignbench.record.finished import whole
        from alignbench.report.table import print_table
        from alignbench.runs.cell import Cell, config_folders, experiment
        from alignbench.runs.compare import compare

        tracker = instantiate(cfg.tracking).open(Path(cfg.reports))
        cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
        if _found(cfg) is None:
            claim(cell.backend.cards)
        stage = compare(cell)[1]
        if not ranks.is_main():
            return None
        record = whole(stage.path)
        page = _write(record, stage, Path(cfg.reports) / cell.slug)
        print_table(record)
        say(f"page   {page}\nrecord {stage.path / 'record.json'}")
        tracker.cell(stage.path, experiment())
        return record

    def finished(self, cfg: DictConfig) -> bool:
        """Whether the store holds the record; then its page is written, and it is shown, where that is still to do."""
        from alignbench.record.finished import whole
        from alignbench.runs.cell import experiment

        found = _found(cfg)
        if found is None:
            return False
        cell, stage = found
        page = Path(cfg.reports) / cell.slug
        if not (page / "index.html").is_file():
            _write(whole(stage.path), stage, page)
        instantiate(cfg.tracking).open(Path(cfg.reports)).cell(stage.path, experiment(), quiet=True)
        return True


def _found(cfg: DictConfig) -> tuple[Cell, Artifact] | None:
    """The cell, and its record where the store holds it."""
    from alignbench.runs.cell import Cell, config_folders
    from alignbench.runs.compare import score_of

    try:
        cell = Cell.from_config(cfg, config_folders(), looking=True)
        stage = cell.store.find(score_of(cell))
    except AlignbenchError:  # the job itself will say it
        return None
    return (cell, stage) if stage else None


def _write(record: CellRecord, stage: Artifact, folder: Path) -> Path:
    from alignbench.record.cell import benchmarks_of, finished_benchmarks
    from alignbench.report.page import accounts, write_page

    store = stage.path.parents[1]
    return write_page(
        record, folder, stage.path, benchmarks_of(record.cell, finished_benchmarks(store)), accounts(record, store)
    )
