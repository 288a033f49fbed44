"""``task=run``: one cell from config to page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        if not self.finished(cfg):
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
        """Whether the store holds the record; its page is written if it is not there."""
        from alignbench.record.finished import whole
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.runs.compare import score_of

        try:
            cell = Cell.from_config(cfg, config_folders(), looking=True)
            stage = cell.store.find(score_of(cell))
        except AlignbenchError:  # the job itself will say it
            return False
        page = Path(cfg.reports) / cell.slug
        if stage and not (page / "index.html").is_file():
            _write(whole(stage.path), stage, page)
        return stage is not None

    def waiting(self, cfg: DictConfig) -> Mapping[str, Sequence[str]]:
        """Every stage of the cell that is not done."""
        from alignbench.sweep.means import steps_ahead

        steps = steps_ahead(cfg)
        names = {step.stage.recipe: f"{step.stage.name}/{step.key}" for step in steps}
        return {
            names[step.stage.recipe]: [names[s.recipe] for s in step.stage.upstream if s.recipe in names]
            for step in steps
        }


def _write(record: CellRecord, stage: Artifact, folder: Path) -> Path:
    from alignbench.record.cell import benchmarks_of, finished_benchmarks
    from alignbench.report.page import accounts, write_page

    store = stage.path.parents[1]
    return write_page(
        record, folder, stage.path, benchmarks_of(record.cell, finished_benchmarks(store)), accounts(record, store)
    )
