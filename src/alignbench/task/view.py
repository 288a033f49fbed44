"""``task=view``: every answer of a cell with its prompt, and its synthetic sets, as a static folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from alignbench.component import Count
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check

if TYPE_CHECKING:
    from alignbench.record.cell import CellRecord
    from alignbench.report.answers import AnsweredItem
    from alignbench.report.origin import Origin
    from alignbench.runs.cell import Cell
    from alignbench.runs.compare import Score
    from alignbench.store.stage import Artifact

_FOLDER, _SETS = "view", "sets.html"


@dataclass(frozen=True)
class ViewTask(Task):
    """Shows what the store has, builds nothing; the folder needs neither network nor store, and can be sent."""

    # Of each synthetic set, spread over all its rows.
    rows: Count = 10

    def main(self, cfg: DictConfig) -> Path:
        """Write ``view/`` below the cell's page, and say where it lies and how much it weighs; its path.

        Raises:
            AlignbenchError: the store has neither answers nor a synthetic set of this cell.
        """
        from alignbench.record.finished import whole
        from alignbench.report.answers import write_answers
        from alignbench.report.origin import Origin
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.runs.compare import score_of

        cell = Cell.from_config(cfg, config_folders(), looking=True)
        score = score_of(cell)
        folder = Path(cfg.reports) / cell.slug / _FOLDER
        origin = Origin.of_command(cell.config["overrides"])
        sets, done = self._sets(cell, folder, origin), cell.store.find(score)
        remedy = "the store has neither answers nor synthetic sets of this cell: run it first"
        check(sets is not None or done is not None, "task", "view", remedy)
        if sets:
            say(f"sets    {_weighed(sets)}")
        if done:
            record = whole(done.path)
            page = write_answers(record, _answered(cell, score, record), origin, folder, _SETS if sets else "")
            say(f"answers {_weighed(page)}")
        else:
            say("  note   not finished: there are no answers yet")
        return folder

    def _sets(self, cell: Cell, folder: Path, origin: Origin) -> Path | None:
        from alignbench.report.sets import shelf, write_sets

        found = _holding_sets(cell)
        if not found:
            return None
        title = f"{cell.choices['method']} for {cell.culture.country} on {cell.model.name}: synthetic sets"
        return write_sets(title, [shelf(stage, self.rows) for stage in found], origin, folder / _SETS)


def _holding_sets(cell: Cell) -> list[Artifact]:
    """The finished stages of the cell's method that hold a synthetic set, each once."""
    from alignbench.runs.recipe import lineage
    from alignbench.synthetic.folder import holds_set

    stages = lineage(cell.method.align(cell.context(cell.culture)))[0]
    found = {at.key: at for at in map(cell.store.find, stages) if at and holds_set(at.path)}
    return list(found.values())


def _answered(cell: Cell, score: Score, record: CellRecord) -> Sequence[AnsweredItem]:
    """All rows that the cell asked, with what each prompt was."""
    from alignbench.backend.render import Renderer
    from alignbench.report.answers import ShownLook, answered, as_read, looks

    renderer, items = Renderer.of(cell.model), cell.asked.asked(cell.culture.iso3)
    rows: dict[str, dict[str, list[ShownLook]]] = {}
    for row in score.answered:
        policy = row.model.policy.ready(cell.tools.folder)
        for form, stage in {"": row.responses, **row.forms}.items():
            prompts = {prompt.id: as_read(prompt, policy, renderer) for prompt in stage.asking.prompts(items, policy)}
            for item, seen in looks(stage.table(cell.tools), prompts, form).items():
                rows.setdefault(row.label, {}).setdefault(item, []).extend(seen)
    return answered(record, {item.id: item.topic for item in items}, rows)


def _weighed(path: Path) -> str:
    return f"{path} ({path.stat().st_size / 1e6:.1f} MB)"
