"""``task=benchmark``: the cell's models on another benchmark than the survey."""

from dataclasses import asdict, dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.config import instantiate
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class RunBenchmark(Task):
    """Base, method, control and baselines on ``benchmark``; trainings and answers come from the store or are made."""

    def main(self, cfg: DictConfig) -> None:
        """Print the table and what to know about the benchmark; write rows (parquet) and table (CSV).

        Raises:
            AlignbenchError: no benchmark is chosen, or it does not cover the culture.
        """
        from alignbench.backend.engines import SHARED
        from alignbench.backend.lease import claim
        from alignbench.generator import slots
        from alignbench.report.table import print_lines, write_lines
        from alignbench.runs.benchmarks import run_benchmark
        from alignbench.runs.cell import Cell, config_folders

        check(cfg.benchmark is not None, "benchmark", None, "choose a benchmark: benchmark=menavalues (see --help)")
        benchmark = instantiate(cfg.benchmark)
        for slot in slots(benchmark):
            slot.verify()
        cell = Cell.from_config(cfg, config_folders(), engines=SHARED)
        claim(cell.backend.cards)
        table, record = run_benchmark(cell, benchmark)
        folder = Path(cfg.reports) / cell.slug
        name = cell.choices["benchmark"]
        written = write_lines(table, record.lines, asdict(benchmark.provenance), name, folder)
        print_lines(record.lines, benchmark.provenance, f"{name}, {cell.culture.country}, {cell.model.name}")
        say(f"table  {written}")
