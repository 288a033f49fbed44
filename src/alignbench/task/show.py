"""``task=show``: the prompt of one item, exactly as the model gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.store.stage import Stage
from alignbench.task import Task
from alignbench.types import check

if TYPE_CHECKING:
    from alignbench.runs.cell import Cell


@dataclass(frozen=True)
class Show(Task):
    """What the prompt needs (mined norms) is taken from the store, or made first; nothing is trained."""

    # Id of the item; empty is the first that the culture was asked.
    item: str = ""
    # How many of its prompts (wordings, personas, orders) to print.
    prompts: int = 1

    def main(self, cfg: DictConfig) -> None:
        """Print the rendered prompts with special tokens, and the options that are scored after each.

        Raises:
            AlignbenchError: the split has no such item.
        """
        from alignbench.backend.render import Renderer
        from alignbench.runs.cell import Cell, config_folders

        check(self.prompts > 0, "task.prompts", self.prompts, "give a positive number")
        cell = Cell.from_config(cfg, config_folders())
        asked = cell.asked.asked(cell.culture.iso3)
        found = [item for item in asked if item.id == self.item] if self.item else list(asked[:1])
        remedy = f"the {cell.scoring.split.name} split has {', '.join(item.id for item in asked[:8])} ..."
        check(bool(found), "task.item", self.item, remedy)
        model = cell.method.align(cell.context(cell.culture))
        renderer, policy = Renderer.of(model.base), model.policy.ready(cell.tools.folder)
        shown = list(cell.scoring.asking.prompts(found, policy))
        for prompt in shown[: self.prompts]:
            say(f"--- {prompt.item}, system text {prompt.context + 1}, {prompt.order}")
            say(renderer.prompt(prompt.request.chat).text)
            if prompt.conclude is not None:
                say("--- and after the model's thoughts")
                say(renderer.prompt(prompt.after("[thoughts]").chat).text)
            say(f"--- scored: {' | '.join(prompt.request.options)}")
        say(f"{len(shown)} prompts for this item; {_training(cell, model.training)}")


def _training(cell: Cell, training: Stage | None) -> str:
    if training is None:
        return "no weights change"
    found = cell.store.find(training)
    return f"weights: {found.path if found else 'not trained yet'}"
