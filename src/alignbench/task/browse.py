"""``task=browse``: the synthetic sets of a cell on one page."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

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
        from alignbench.runs.recipe import lineage
        from alignbench.synthetic.folder import holds_set

        check(self.rows > 0, "task.rows", self.rows, "give a positive number")
        cell = Cell.from_config(cfg, config_folders(), looking=True)
        stages = lineage(cell.method.align(cell.context(cell.culture)))[0]
        known = [(stage, cell.store.find(stage)) for stage in stages]
        if missing := [f"{stage.name}/{cell.store.key(stage)}" for stage, at in known if at is None]:
            say(f"  note   not finished: {missing[0]} is not in the store")
        found = {at.key: at for _, at in known if at and holds_set(at.path)}
        shown = [stage for stage in found.values() if self.stage in ("", stage.name)]
        remedy = f"the store has {', '.join(s.name for s in found.values()) or 'none'} of this cell: run it first"
        check(bool(shown), "synthetic sets", self.stage or "any", remedy)
        title = f"{cell.choices['method']} for {cell.culture.country} on {cell.model.name}: synthetic sets"
        path = Path(cfg.reports) / cell.slug / "browse.html"
        say(f"page   {write_browser(title, [shelf(stage, self.rows) for stage in shown], path)}")
