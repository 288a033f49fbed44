"""For tests of methods, ours and those of plugins: configs as the command line makes them, and what a method must keep.

A contract is a function that raises ``AssertionError``. :func:`method_contract` is all of them for a method by name::

    def test_the_method_keeps_its_contract(tmp_path):
        method_contract("tone", tmp_path, "plugins=[./mine]")
"""

import gc
import types
import typing
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import OverrideType
from omegaconf import DictConfig, OmegaConf

from alignbench import plugins
from alignbench.aligned import AlignedModel
from alignbench.backend import Engine
from alignbench.backend.engines import Opener
from alignbench.component import Component
from alignbench.config import conf_dir, conf_dirs, register
from alignbench.context import RunContext
from alignbench.embedder import Embedder
from alignbench.generator import Generator
from alignbench.identity import canonical, inputs, walk
from alignbench.judge import Judge
from alignbench.method import Method
from alignbench.norms.author import Author
from alignbench.overrides import plugin_folders
from alignbench.record.cell import CellRecord
from alignbench.runs.cell import Cell
from alignbench.runs.compare import compare, plan
from alignbench.runs.recipe import lineage
from alignbench.store.stage import Stage
from alignbench.store.store import Store
from alignbench.training import Training
from alignbench.types import ModelRef, Split

# What a field that holds one is called: lineages and records read these names.
CALLED: dict[type, set[str]] = {
    Judge: {"judge"},
    Author: {"author"},
    Training: {"training"},
    Embedder: {"embedder"},
    Generator: {"generator", "critic"},
}
# A cell of the planted world that takes seconds.
_QUICK = "model=nano culture=iraq control=false scoring.bootstrap=50 training.updates=2".split()


def composed(*words: str) -> DictConfig:
    """The config of these words of the command line, Hydra's own node too; the plugins that they name are loaded.

    What Hydra makes of one set of choices is kept; knobs are set on a copy of it, as Hydra sets them.
    """
    plugins.load(plugin_folders(words))
    overrides = OverridesParser.create().parse_overrides(list(words))
    # Words that give one of our keys a value, rather than choose a file, change the keys or speak to Hydra.
    ours = [o for o in overrides if o.type is OverrideType.CHANGE and not o.is_hydra_override()]
    knobs = [o for o in ours if not (conf_dir() / o.key_or_group).is_dir()]
    cfg = deepcopy(_of_choices(*(str(o.input_line) for o in overrides if o not in knobs)))
    for knob in knobs:
        OmegaConf.update(cfg, knob.key_or_group, knob.value())
    cfg.hydra.overrides.task = [o.input_line for o in overrides if not o.is_hydra_override()]
    return cfg


@cache
def _of_choices(*words: str) -> DictConfig:
    register()
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        return compose("config", overrides=list(words), return_hydra_config=True)


def nano_cell(folder: Path, *words: str) -> Cell:
    """A cell on the shipped model in the planted world, with its store in a folder."""
    cfg = composed(*_QUICK, f"store='{folder}/store'", f"reports='{folder}/reports'", *words)
    HydraConfig.instance().set_config(cfg)
    return Cell.from_config(cfg, tuple(conf_dirs()))


class _Shut(Opener):
    """Opens nothing."""

    def __call__(self, model: ModelRef) -> Engine:
        raise AssertionError(f"an engine was opened for {model.name}")


def shut(cell: Cell) -> Cell:
    """The cell with a store that opens no engine: all that a model must do has been done, or the test fails."""
    return replace(cell, store=Store(cell.store.root, _Shut()))


def method_contract(name: str, folder: Path, *words: str) -> CellRecord:
    """All that a method must keep, in the planted world: it composes, plans, sees no test item, runs and resumes.

    Args:
        folder: an empty one, for stores.
        words: further words of the command line.

    Returns:
        The record of its run.
    """
    one, other = (nano_cell(folder / store, f"method={name}", *words) for store in ("one", "other"))
    model = aligned_alike(one.method, shut(one), shut(other))
    assert [step.key for step in plan(one)] == [step.key for step in plan(other)], "keys differ from store to store"
    unseen(one, one.context(one.culture), model)
    for stage in lineage(model)[0]:
        well_made(type(stage))
        self_contained(stage)
    return runs_and_resumes(lambda: nano_cell(folder / "one", f"method={name}", *words))


def aligned_alike(method: Method, *cells: Cell) -> AlignedModel:
    """``align`` does nothing but say what is to be made, and says the same of equal cells, whatever their store."""
    model, *others = (method.align(cell.context(cell.culture)) for cell in (cells[0], *cells))
    assert isinstance(model, AlignedModel), f"align gave a {type(model).__name__}"
    for other, cell in zip(others, cells, strict=True):
        assert canonical(other) == canonical(model) and other.notes == model.notes, "align says another thing each time"
        assert not cell.store.root.exists(), "align built something"
        if model.training is not None and other.training is not None:
            keys = [cell.store.key(stage) for stage in other.training.chain]
            assert keys == [cells[0].store.key(stage) for stage in model.training.chain], "keys differ"
            assert len(set(keys)) == len(keys), "two stages of a chain have one key"
    return model


def unseen(cell: Cell, *roots: object) -> None:
    """No test item, and none of its battery, can be reached from what a method was given or has made."""
    context, test = cell.context(cell.culture), cell.surveys[Split.test]
    seen = (*context.train.items, *context.validation.items)
    assert not {item.battery for item in seen} & {item.battery for item in test.items}
    texts = _reachable(*roots)
    for item in test.items:
        assert not {item.id, item.question, item.predicates[0]} & texts, f"the test item {item.id} can be reached"


def _reachable(*roots: object) -> set[str]:
    """Every text that can be reached by references, code and modules left out."""
    seen, found, queue = set[int](), set[str](), list[Any](roots)
    while queue:
        thing = queue.pop()
        if id(thing) in seen or isinstance(thing, types.ModuleType | type | types.FunctionType | types.CodeType):
            continue
        seen.add(id(thing))
        if isinstance(thing, str):
            found.add(thing)
        queue.extend(gc.get_referents(thing))
    return found


def well_made(cls: type[Stage]) -> None:
    """A stage is a frozen dataclass with a name, and calls a field that holds a component after it."""
    frozen = is_dataclass(cls) and "__dataclass_params__" in vars(cls) and vars(cls)["__dataclass_params__"].frozen
    assert frozen, f"{cls.__name__} is no frozen dataclass"
    assert isinstance(cls.name, str) and cls.name.isidentifier(), f"{cls.__name__} has no name"
    assert "name" not in {known.name for known in fields(cls)}, f"{cls.__name__}.name is a field"
    for name, held in _declared(cls):
        for kind, names in CALLED.items():
            fits = not issubclass(held, kind) or name in names
            assert fits, f"{cls.__name__}.{name} holds a {held.__name__}: call it {' or '.join(sorted(names))}"


def self_contained(stage: Stage) -> None:
    """A stage is known by its inputs: each has an identity, and none is a context or a method."""
    for name, value in inputs(stage):
        assert canonical(value), f"{type(stage).__name__}.{name} has no identity"
    # The recorded fields, too, and what is kept of a first look.
    for name, value in walk(dict(vars(stage))):
        assert not isinstance(value, RunContext | Method), f"{type(stage).__name__}.{name} holds more than it needs"
    for name, value in stage.held:
        for kind, names in CALLED.items():
            assert not isinstance(value, kind) or name in names, f"{type(stage).__name__}: {name}"


def _declared(cls: type) -> Iterator[tuple[str, type]]:
    """Name and class of what the hashed fields of a stage may hold; parts that are no components are looked into."""
    hints = typing.get_type_hints(cls)
    for known in fields(cls):
        if known.metadata.get("recorded"):
            continue
        for held in _classes_in(hints[known.name]):
            yield known.name, held
            if is_dataclass(held) and not issubclass(held, Component | Stage | AlignedModel) and held is not cls:
                yield from _declared(held)


def _classes_in(hint: Any) -> Iterator[type]:
    """``Mapping[str, Pool | None]`` names Mapping, str and Pool."""
    if typing.get_args(hint):
        for part in typing.get_args(hint):
            yield from _classes_in(part)
    elif isinstance(hint, type) and hint is not type(None):
        yield hint


def runs_and_resumes(make: Callable[[], Cell]) -> CellRecord:
    """The cell runs; a second one of the same store finds all of it finished and opens no engine.

    Args:
        make: the cell, a new one at each call.
    """
    record, stage = compare(make())
    again = shut(make())
    assert compare(again)[1].key == stage.key, "the same cell has another key when it is run again"
    assert not again.store.built, f"built again: {', '.join(artifact.name for artifact in again.store.built)}"
    return record
