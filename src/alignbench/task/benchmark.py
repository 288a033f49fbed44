"""``task=benchmark``: the cell's models on a benchmark beside the survey."""

from dataclasses import asdict, dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.config import instantiate
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class RunBenchmark(Task):
    """Base, method, control and baselines on ``extra``; trainings and answers come from the store or are made."""

    def main(self, cfg: DictConfig) -> None:
        """Print the table and what to know about the benchmark; write rows (parquet) and table (CSV).

        Raises:
            AlignbenchError: no benchmark is chosen, or it does not cover the culture.
        """
        from alignbench.backend.engines import SHARED
        from alignbench.backend.lease import claim
        from alignbench.generator import slots
        from alignbench.report.extra import print_lines, write_lines
        from alignbench.runs.beside import beside
        from alignbench.runs.cell import Cell, config_folders

        check(cfg.extra is not None, "extra", None, "choose a benchmark: extra=menavalues (see --help)")
        benchmark = instantiate(cfg.extra)
        for slot in slots(benchmark):
            slot.verify()
        cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
        claim(cell.backend.cards)
        table, record = beside(cell, benchmark)
        folder = Path(cfg.reports) / cell.slug
        name = cell.choices["extra"]
        written = write_lines(table, record.lines, asdict(benchmark.provenance), name, folder)
        print_lines(record.lines, benchmark.provenance, f"{name}, {cell.culture.country}, {cell.model.name}")
        say(f"table  {written}")
