"""``task=browse``: the synthetic sets of a cell on one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class Browse(Task):
    """Shows what the store has, builds nothing."""

    # Of each set, spread over all its rows.
    rows: int = 10
    # Name of a stage; empty shows all that hold a set.
    stage: str = ""

    def main(self, cfg: DictConfig) -> None:
        """Write the page and say where it lies.

        Raises:
            AlignbenchError: the store has no set of this cell.
        """
        from alignbench.report.browse import shelf, write_browser
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.store.stages import Pending
        from alignbench.synthetic.folder import holds_set

        check(self.rows > 0, "task.rows", self.rows, "give a positive number")
        cell = Cell.from_config(cfg, config_folders(), build_missing=False)
        try:
            cell.method.fit(cell.context(cell.culture))
        except Pending as missing:
            say(f"  note   not finished: {missing} is not in the store")
        except AlignbenchError as refused:
            say(f"  note   {refused}")
        found = {stage.key: stage for stage in cell.store.used if holds_set(stage.path)}
        shown = [stage for stage in found.values() if self.stage in ("", stage.name)]
        remedy = f"the store has {', '.join(s.name for s in found.values()) or 'none'} of this cell: run it first"
        check(bool(shown), "synthetic sets", self.stage or "any", remedy)
        title = f"{cell.choices['method']} for {cell.culture.country} on {cell.model.name}: synthetic sets"
        path = Path(cfg.reports) / cell.slug / "browse.html"
        say(f"page   {write_browser(title, [shelf(stage, self.rows) for stage in shown], path)}")
