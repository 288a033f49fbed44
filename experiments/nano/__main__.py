"""Make the nano model again, from the planted world: ``python -m experiments.nano [knob=value ...]``.

About ten minutes on 2 cores. Knobs are the fields of :class:`Pretraining`; the defaults made the shipped checkpoint.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from alignbench.component import Count, recorded
from alignbench.config import conf_dir, schema
from alignbench.data.cultures import culture_named
from alignbench.data.source.world import PlantedWorld
from alignbench.errors import AlignbenchError, refuse
from alignbench.progress import say
from alignbench.store.manifest import plain
from alignbench.types import one_of
from experiments.nano.card import write_card
from experiments.nano.corpus import KINDS, Mixture
from experiments.nano.recipe import Recipe
from experiments.nano.train import pretrain


@dataclass(frozen=True)
class Pretraining(Recipe):
    """The recipe, and what the corpus holds."""

    # Where model, tokenizer and card go.
    out: str = recorded("outputs/nano")
    seed: int = 0
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


def main(knobs: Pretraining) -> None:
    """Train, measure, and write model and card to ``knobs.out``."""
    source = PlantedWorld()
    world = source.population()
    for iso3 in knobs.unmarked:
        world.index(iso3)
    cultures = {place.iso3: culture_named(place.culture, (conf_dir(),)) for place in world.countries}
    kinds = dict(knobs.kinds) or KINDS
    mixture = Mixture(dict(knobs.unmarked), knobs.held_out, knobs.asked, knobs.said, knobs.answered, kinds)
    torch.set_num_threads(knobs.threads)
    folder = Path(knobs.out)
    folder.mkdir(parents=True, exist_ok=True)
    facts = pretrain(world, cultures, knobs, mixture, knobs.seed, folder)
    card = write_card(folder, source, cultures, mixture, {**plain(knobs.knobs), **facts})
    say(card.read_text(encoding="utf-8"))


def _knobs() -> Pretraining:
    """The knobs of the command line, in the types of the fields."""
    wanted = OmegaConf.structured(schema(Pretraining))
    given = OmegaConf.from_cli()
    for name in given:
        one_of("knob", str(name), tuple(known.name for known in fields(Pretraining)))
    knobs: Any = OmegaConf.to_container(OmegaConf.merge(wanted, given))
    del knobs["_target_"]
    return Pretraining(**knobs)


if __name__ == "__main__":
    try:
        main(_knobs())
    except AlignbenchError as error:
        refuse(error)
