"""``task=pretrain``: make the nano model again, from the planted world."""

from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import DictConfig

from alignbench.component import Count, recorded
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.pretraining.recipe import Recipe
from alignbench.progress import say
from alignbench.store.manifest import plain
from alignbench.task import Task


@dataclass(frozen=True)
class Pretrain(Recipe, Task):
    """Knobs of the corpus and of the training; the defaults made the shipped checkpoint."""

    # Where model, tokenizer and card go.
    out: str = recorded("outputs/nano")
    # Who writes the text that names no country (iso3 -> share); the rest is spread over all countries.
    unmarked: dict[str, float] = field(default_factory=lambda: {"USA": 0.5, "GBR": 0.27, "DEU": 0.18})
    # Share of country x question cells that no document holds.
    held_out: float = 0.08
    # Kinds of document and their shares; empty is the mixture of the shipped model.
    kinds: dict[str, float] = field(default_factory=dict)
    # Loss weights of what is asked, what is said, and survey answers.
    asked: float = 0.1
    said: float = 1.0
    answered: float = 3.0
    # CPU threads; another number gives another rounding, and so another model of the same kind.
    threads: Count = 2

    def main(self, cfg: DictConfig) -> None:
        """Train, measure, and write model and card to ``out``."""
        import torch

        from alignbench.data.cultures import culture_named
        from alignbench.data.source.world import PlantedWorld
        from alignbench.pretraining.card import write_card
        from alignbench.pretraining.corpus import KINDS, Mixture
        from alignbench.pretraining.train import pretrain
        from alignbench.runs.cell import config_folders

        source = instantiate(cfg.survey)
        if not isinstance(source, PlantedWorld):
            raise AlignbenchError("survey", type(source).__name__, "nano grows up in the planted world: survey=world")
        world = source.population()
        for iso3 in self.unmarked:
            world.index(iso3)
        cultures = {place.iso3: culture_named(place.culture, config_folders()) for place in world.countries}
        kinds = dict(self.kinds) or KINDS
        mixture = Mixture(dict(self.unmarked), self.held_out, self.asked, self.said, self.answered, kinds)
        torch.set_num_threads(self.threads)
        folder = Path(self.out)
        folder.mkdir(parents=True, exist_ok=True)
        facts = pretrain(world, cultures, self, mixture, cfg.seed, folder)
        card = write_card(folder, source, cultures, mixture, {**plain(self.knobs), **facts, "seed": cfg.seed})
        say(card.read_text(encoding="utf-8"))
