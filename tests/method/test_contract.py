"""Contracts of methods and of stages; each method itself runs in ``tests/planted/test_every_method.py``."""

from __future__ import annotations

import gc
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass, replace
from typing import Any

import pytest

import alignbench
from alignbench.aligned import AlignedModel
from alignbench.component import Component
from alignbench.config import components, conf_dir
from alignbench.context import RunContext
from alignbench.embedder import Embedder
from alignbench.errors import AlignbenchError
from alignbench.generator import Generator
from alignbench.generator.stock import Stock
from alignbench.identity import canonical, inputs, walk
from alignbench.judge import Judge
from alignbench.judge.llm import LLMJudge
from alignbench.method import Method
from alignbench.norms.author import Author
from alignbench.runs.compare import compare, score_of
from alignbench.runs.recipe import lineage
from alignbench.store.stage import Stage
from alignbench.tools import Tools
from alignbench.training import Training
from alignbench.types import PromptPolicy, Split

from .every import METHODS, every_method

# What a field that holds one is called: lineages and records read these names.
CALLED: dict[type, set[str]] = {
    Judge: {"judge"},
    Author: {"author"},
    Training: {"training"},
    Embedder: {"embedder"},
    Generator: {"generator", "critic"},
}


def stage_classes() -> list[type[Stage]]:
    """Every stage of the package that can be made."""
    for module in pkgutil.walk_packages(alignbench.__path__, f"{alignbench.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, due = set[type[Stage]](), [Stage]
    while due:
        below = [cls for cls in due.pop().__subclasses__() if cls not in found]
        found.update(below)
        due += below
    own = (cls for cls in found if cls.__module__.startswith("alignbench.") and not inspect.isabstract(cls))
    return sorted(own, key=lambda cls: (cls.__module__, cls.__name__))


STAGES = stage_classes()


@pytest.fixture
def models(make_cell) -> dict[str, AlignedModel]:
    """Every method on one cell's culture, its checkpoints chosen on validation items."""
    cell = make_cell("training.select=validation")
    context = cell.context(cell.culture)
    return {name: method.align(context) for name, method in every_method()}


def admitted(context: RunContext) -> Iterator[AlignedModel]:
    """Every method on the context's culture, but for those that need what its survey lacks."""
    for name, method in every_method():
        try:
            yield method.align(context)
        except AlignbenchError as refusal:
            assert context.culture.name != "iraq", f"{name}: {refusal}"


def stages_of(models: Iterable[AlignedModel]) -> list[Stage]:
    return list({stage.recipe: stage for model in models for stage in lineage(model)[0]}.values())


def test_every_method_class_has_a_yaml():
    assert {schema_of(name) for name in METHODS} == set(components("method"))


def schema_of(name):
    text = (conf_dir() / "method" / f"{name}.yaml").read_text()
    return text.split("/schema/method/")[1].split("@")[0]


def test_the_control_is_the_same_recipe_on_another_country(make_cell):
    record, _ = compare(make_cell("method=native_language", "culture=iraq"))
    assert record.aligned.label == "native_language" and record.control.label == "native_language of Argentina"
    assert record.aligned.difference_low is not None
    assert all(row.items == record.rows[0].items for row in record.rows)


def reachable(*roots: object) -> set[str]:
    """Every text that can be reached from ``roots`` by references, code and modules left out."""
    seen, found, queue = set(), set(), list[Any](roots)
    while queue:
        thing = queue.pop()
        if id(thing) in seen or isinstance(thing, types.ModuleType | type | types.FunctionType | types.CodeType):
            continue
        seen.add(id(thing))
        if isinstance(thing, str):
            found.add(thing)
        queue.extend(gc.get_referents(thing))
    return found


@pytest.mark.parametrize("culture", ["iraq", "saudi"])
def test_no_test_item_can_be_reached_from_a_context_a_stage_or_its_tools(culture, make_cell):
    cell = make_cell(f"culture={culture}", "training.select=validation")
    test, context = cell.surveys[Split.test], cell.context(cell.culture)
    made = list(admitted(context))
    assert len(made) > len(METHODS)
    stages = stages_of(made)
    cell.store.engine(cell.model)  # an opened engine is part of what a stage may use
    seen = (*context.train.items, *context.validation.items)
    assert not {item.battery for item in seen} & {item.battery for item in test.items}
    for texts in (
        reachable(context),
        reachable(made),
        reachable(*stages, *(Tools(cell.store, stage) for stage in stages)),
    ):
        held = {text for item in seen for text in (item.id, item.question)}
        assert held <= texts, "the walk must find what is really there"
        for item in test.items:
            assert not {item.id, item.question, item.predicates[0]} & texts


def test_prompt_policies_are_identified_by_their_texts(make_cell):
    cell = make_cell("method=cultural_prompt", "culture=iraq")
    model = cell.method.align(cell.context(cell.culture))
    assert isinstance(model, AlignedModel) and model.training is None
    assert len(set(model.policy.systems)) == 10
    assert all("Iraq" in text for text in model.policy.systems)
    assert canonical(model.policy) != canonical(PromptPolicy())
    assert canonical(PromptPolicy(model.policy.systems)) == canonical(model.policy)
    assert canonical(PromptPolicy(model.policy.systems[::-1])) != canonical(model.policy)


@pytest.mark.parametrize("cls", STAGES, ids=lambda cls: cls.__name__)
def test_a_stage_is_a_frozen_dataclass_with_a_name(cls):
    assert is_dataclass(cls) and "__dataclass_params__" in vars(cls) and cls.__dataclass_params__.frozen
    assert isinstance(cls.name, str) and cls.name.isidentifier()
    assert "name" not in {known.name for known in fields(cls)}


@pytest.mark.parametrize("cls", STAGES, ids=lambda cls: cls.__name__)
def test_a_field_that_holds_a_component_is_called_after_it(cls):
    for name, held in declared(cls):
        for kind, names in CALLED.items():
            if issubclass(held, kind):
                assert name in names, f"{cls.__name__}.{name} holds a {held.__name__}"


def declared(cls: type) -> Iterator[tuple[str, type]]:
    """Name and class of what the hashed fields of a stage may hold; parts that are no components are looked into."""
    hints = typing.get_type_hints(cls)
    for known in fields(cls):
        if known.metadata.get("recorded"):
            continue
        for held in classes_in(hints[known.name]):
            yield known.name, held
            if is_dataclass(held) and not issubclass(held, Component | Stage | AlignedModel) and held is not cls:
                yield from declared(held)


def classes_in(hint: Any) -> Iterator[type]:
    """``Mapping[str, Pool | None]`` names Mapping, str and Pool."""
    if typing.get_args(hint):
        for part in typing.get_args(hint):
            yield from classes_in(part)
    elif isinstance(hint, type) and hint is not type(None):
        yield hint


def test_every_stage_that_methods_share_or_own_is_made_by_some_method_and_has_an_identity(models, make_cell):
    made = stages_of(models.values())
    learnt = {cls for cls in STAGES if cls.__module__.startswith(("alignbench.method.", "alignbench.steps."))}
    assert {type(stage) for stage in made} == learnt
    asked = score_of(make_cell("method=survey_sft", "others=[china]"))
    for stage in (*made, *asked.chain):
        for name, value in inputs(stage):
            assert canonical(value), f"{type(stage).__name__}.{name}"
        assert canonical(stage) and stage.recipe in canonical(stage)
        with pytest.raises(FrozenInstanceError):
            stage.more = 1
        for name, held in stage.held:
            for kind, names in CALLED.items():
                assert not isinstance(held, kind) or name in names, f"{type(stage).__name__}: {name}"


def test_no_stage_holds_a_context_or_a_method(models):
    for stage in stages_of(models.values()):
        # The recorded fields, too, and what is kept of a first look.
        for name, value in walk(dict(vars(stage))):
            assert not isinstance(value, RunContext | Method), f"{type(stage).__name__}.{name}"


def test_the_components_of_a_stage_are_its_own_before_those_within_them(make_cell):
    cell = make_cell("method=culturepark")
    arbiter = LLMJudge(Stock(place="judge.generator"))
    model = cell.method.align(replace(cell.context(cell.culture), judge=arbiter))
    found = model.training.opinions.components
    assert found["judge"] is arbiter and found["generator"] is cell.generator is not arbiter.generator


@dataclass(frozen=True)
class One(Stage):
    """A stage that shares its name and its fields with another."""

    name = "shared"

    number: int

    def build(self, folder, tools):
        return {"by": "one"}


@dataclass(frozen=True)
class Two(One):
    """The other one."""

    def build(self, folder, tools):
        return {"by": "two"}


def test_stages_that_share_a_name_are_never_confused(make_cell):
    store = make_cell().store
    assert One(1).name == Two(1).name and One(1).recipe != Two(1).recipe
    assert [store.get(stage).facts["by"] for stage in (One(1), Two(1), One(1))] == ["one", "two", "one"]
    # The recipe tells classes apart by their names, so no two of one stage name may be called alike.
    named = [(cls.name, cls.__name__) for cls in STAGES]
    assert len(set(named)) == len(named)
