"""Contracts of methods and of stages; each method itself runs in ``tests/planted/test_every_method.py``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

import alignbench
from alignbench.aligned import AlignedModel
from alignbench.config import components, conf_dir
from alignbench.context import RunContext
from alignbench.errors import AlignbenchError
from alignbench.generator.stock import Stock
from alignbench.identity import canonical
from alignbench.judge.llm import LLMJudge
from alignbench.runs.compare import compare, score_of
from alignbench.runs.recipe import lineage
from alignbench.store.stage import Stage
from alignbench.testing import self_contained, unseen, well_made
from alignbench.types import PromptPolicy, Split

from .chains import aligned
from .every import METHODS, OF_RESPONDENTS, every_method


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
    cells = {survey: make_cell("training.select=validation", f"survey={survey}") for survey in ("wvs7", "world")}
    contexts = {survey: cell.context(cell.culture) for survey, cell in cells.items()}
    return {
        name: method.align(contexts["world" if name.startswith(OF_RESPONDENTS) else "wvs7"])
        for name, method in every_method()
    }


def admitted(context: RunContext) -> Iterator[AlignedModel]:
    """Every method on the context's culture, but for those that need what its survey lacks."""
    for name, method in every_method():
        try:
            yield method.align(context)
        except AlignbenchError as refusal:
            known = context.culture.name != "iraq" or name.startswith(OF_RESPONDENTS)
            assert known, f"{name}: {refusal}"


def stages_of(models: Iterable[AlignedModel]) -> list[Stage]:
    return list({stage.recipe: stage for model in models for stage in lineage(model)[0]}.values())


def test_every_method_class_has_a_yaml():
    assert {schema_of(name) for name in METHODS} == set(components("method"))


def schema_of(name):
    text = (conf_dir() / "method" / f"{name}.yaml").read_text()
    return text.split("/schema/method/")[1].split("@")[0]


@pytest.mark.long
def test_the_control_is_the_same_recipe_on_another_country(make_cell):
    record, _ = compare(make_cell("method=native_language", "culture=iraq"))
    assert record.aligned.label == "native_language" and record.control.label == "native_language of Argentina"
    assert record.aligned.difference_low is not None
    assert all(row.items == record.rows[0].items for row in record.rows)


@pytest.mark.parametrize("culture", ["iraq", "saudi"])
def test_no_test_item_can_be_reached_from_a_context_a_stage_or_its_tools(culture, make_cell):
    cell = make_cell(f"culture={culture}", "training.select=validation")
    context = cell.context(cell.culture)
    made = list(admitted(context))
    assert len(made) > len(METHODS)
    stages = stages_of(made)
    cell.store.tools().engine(cell.model)  # an opened engine is part of what a stage may use
    unseen(cell, context)
    unseen(cell, made)
    unseen(cell, *stages, *(cell.store.tools(stage) for stage in stages))
    with pytest.raises(AssertionError, match="can be reached"):
        unseen(cell, made, cell.surveys[Split.test])


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
def test_a_stage_is_well_made(cls):
    well_made(cls)


def test_every_stage_that_methods_share_or_own_is_made_by_some_method_and_has_an_identity(models, make_cell):
    guarded = aligned(make_cell("method=clca", "method.guarded=true", "judge=guard", "generator@judge.second=stock"))
    made = stages_of([*models.values(), guarded])
    learnt = {cls for cls in STAGES if cls.__module__.startswith(("alignbench.method.", "alignbench.steps."))}
    assert {type(stage) for stage in made} == learnt
    asked = score_of(make_cell("method=survey_sft", "others=[china]"))
    for stage in made:
        self_contained(stage)
    for stage in (*made, *asked.chain):
        assert canonical(stage) and stage.recipe in canonical(stage)
        with pytest.raises(FrozenInstanceError):
            stage.more = 1


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
