"""``task=run``: one cell from config to page."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from alignbench import ranks
from alignbench.config import Root, instantiate
from alignbench.errors import AlignbenchError
from alignbench.progress import duration, quietly, say
from alignbench.sweep.conduct import SweepCell
from alignbench.task import Task

if TYPE_CHECKING:
    from alignbench.record.cell import CellRecord
    from alignbench.runs.cell import Cell
    from alignbench.store.stage import Artifact


@dataclass(frozen=True)
class Run(Task):
    """Fit, respond, score, report. Re-issuing the same command resumes or reuses."""

    # Of a sweep: print what every cell does and its whole table, as of a cell that runs alone; -v is short for it.
    verbose: bool = False

    def main(self, cfg: DictConfig) -> CellRecord | None:
        """Run the cell of ``cfg``, print its table and write its page; the record, None in helping processes.

        A cell of a sweep says in one line what it gave.
        """
        from alignbench.backend.engines import SHARED
        from alignbench.backend.lease import claim
        from alignbench.record.finished import whole
        from alignbench.report.table import line, print_table
        from alignbench.runs.cell import Cell, config_folders, experiment
        from alignbench.runs.compare import compare

        began, brief = time.monotonic(), not self.verbose and HydraConfig.get().mode is RunMode.MULTIRUN
        with quietly(brief):
            tracker = instantiate(cfg.tracking).open(Path(cfg.reports))
            cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
            if _found(cfg) is None:
                claim(cell.backend.cards)
            stage = compare(cell)[1]
        if not ranks.is_main():
            return None
        record = whole(stage.path)
        page = _write(record, stage, Path(cfg.reports) / cell.slug)
        if brief:
            say(f"  done   {line(record)}  {duration(time.monotonic() - began):>6}  {cell.slug}")
        else:
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

    def waiting(self, cfg: DictConfig) -> Mapping[str, Sequence[str]]:
        """Every stage of the cell that is not done."""
        from alignbench.sweep.means import steps_ahead

        steps = steps_ahead(cfg)
        names = {step.stage.recipe: f"{step.stage.name}/{step.key}" for step in steps}
        return {
            names[step.stage.recipe]: [names[s.recipe] for s in step.stage.upstream if s.recipe in names]
            for step in steps
        }

    def conclude(self, done: Sequence[SweepCell], missing: Sequence[SweepCell]) -> None:
        """Print the pooled table of the sweep's own cells, and the command that writes the board."""
        from alignbench.record.finished import finished
        from alignbench.report.sweep_table import FailedCell, print_sweep

        stages = set()
        for request in done:
            with request.entered() as cfg:
                found = _found(cfg)
                stages |= {found[1].path} if found else set()
        if not stages:
            return
        cfg = done[0].cfg
        cells = [cell for cell in finished(Path(cfg.store)) if stages & {cell.stage, *cell.older}]
        choices = [request.cfg.hydra.runtime.choices for request in missing]
        failed = [FailedCell(str(choice.method), str(choice.culture)) for choice in choices]
        print_sweep(cells, failed, Path(cfg.store), Path(cfg.reports))
        usual = Root()
        places = [f"{name}={cfg[name]}" for name in ("store", "reports") if cfg[name] != getattr(usual, name)]
        say(f"Next, the board: {shlex.join(['python', '-m', 'alignbench', 'task=report', *places])}")


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
