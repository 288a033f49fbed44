"""``task=show``: the prompt of one item, exactly as the model gets it."""

from dataclasses import dataclass

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


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
        from alignbench.report.answers import as_read
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
            say(as_read(prompt, policy, renderer))
            if policy.reasoning is not None:
                say("--- and after the model's thoughts")
                say(renderer.prompt(prompt.after("[thoughts]").chat).text)
            taken = "scored" if cell.scoring.asking.replying is None else "read for"
            say(f"--- {taken}: {' | '.join(prompt.request.options)}")
        weights = "no weights change"
        if model.training is not None:
            trained = cell.store.find(model.training)
            weights = f"weights: {trained.path if trained else 'not trained yet'}"
        say(f"{len(shown)} prompts for this item; {weights}")
