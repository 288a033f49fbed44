"""Configs as the command line composes them; what Hydra makes of one set of choices is kept for the next cell."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf

from alignbench.config import conf_dir, register
from alignbench.embedder import Embedder
from alignbench.runs.cell import Cell


def composed(*words: str) -> DictConfig:
    """The config of these words, Hydra's own node too: knobs are set on a copy of the choices', as Hydra sets them."""
    overrides = OverridesParser.create().parse_overrides(list(words))
    knobs = [override for override in overrides if is_knob(override)]
    cfg = deepcopy(of_choices(*(o.input_line for o in overrides if o not in knobs)))
    for knob in knobs:
        OmegaConf.update(cfg, knob.key_or_group, knob.value())
    cfg.hydra.overrides.task = [o.input_line for o in overrides if not o.is_hydra_override()]
    return cfg


def is_knob(override: Override) -> bool:
    """Whether the word gives one of our keys a value, rather than choose a file, change the keys or speak to Hydra."""
    kept = override.is_hydra_override() or (conf_dir() / override.key_or_group).is_dir()
    return override.type is OverrideType.CHANGE and not kept


@cache
def of_choices(*words: str) -> DictConfig:
    register()
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        return compose("config", overrides=list(words), return_hydra_config=True)


def with_embedder(cell: Cell, embedder: Embedder) -> Cell:
    """The cell with another embedder, for itself and for the components that were given its own."""
    taking = ("judge", "author", "generator", "critic")
    supplied = {name: getattr(cell, name).supply(model=cell.model, embedder=embedder) for name in taking}
    return replace(cell, embedder=embedder, **supplied)
