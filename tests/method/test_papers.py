"""What methods declare of the papers whose names they bear is what the code has, and what the page shows."""

from __future__ import annotations

import importlib

import pytest
from omegaconf import ListConfig

from alignbench.config import conf_dir, instantiate
from alignbench.steps.paper import declared, table
from alignbench.testing import composed

from .every import METHODS

PAPERS = {name: declared(type(instantiate(composed(f"method={name}").method)), name) for name in METHODS}
DECLARED = sorted(name for name, steps in PAPERS.items() if steps)
# Methods that bear no paper's name, or whose paper has no steps to compare.
OURS = {"native_language", "none", "prompt", "survey_dpo", "survey_rl", "survey_sft"}


def said(cfg, knob):
    """The value of a knob, or the choice of a group, as it is typed."""
    if knob in cfg.hydra.runtime.choices:
        return cfg.hydra.runtime.choices[knob]
    value = cfg
    for part in knob.split("."):
        value = value[part]
    if isinstance(value, ListConfig):
        return f"[{','.join(getattr(one, 'name', str(one)) for one in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(getattr(value, "name", value))


def found(where):
    """What a dotted name names."""
    module, _, name = where.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        return getattr(found(module), name)


# Knobs of a paper's own evaluation are those of this task.
ASKED = "task=protocols"


def as_published(name, declared):
    """Knob -> its value in the experiment of the paper; where it sets none, the published value must be accepted."""
    words = [f"method={name}", ASKED, *(f"{knob}={there}" for knob, (_, there) in declared.items())]
    values = {knob: said(composed(*words), knob) for knob in declared}
    if (conf_dir() / "experiment" / "papers" / f"{name}.yaml").is_file():
        paper = composed(f"experiment=papers/{name}")
        own = [
            knob for knob in declared if not knob.startswith("task.") or paper.hydra.runtime.choices.task == "protocols"
        ]
        values |= {knob: said(paper, knob) for knob in own}
    return values


def test_methods_with_a_paper_are_found():
    assert not OURS & set(DECLARED)
    assert {"culturerl", "culturellm", "culturepark", "culturespa", "cultural_prompt", "persona"} <= set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_every_knob_has_the_declared_default_and_the_experiment_sets_the_published_value(name):
    steps = PAPERS[name]
    usual = composed(f"method={name}", ASKED)
    declared = {knob: both for step in steps for knob, both in step.knobs.items()}
    assert sum(len(step.knobs) for step in steps) == len(declared), "a knob is declared twice"
    paper = as_published(name, declared)
    assert {knob: (said(usual, knob), paper[knob]) for knob in declared} == declared


@pytest.mark.parametrize("name", DECLARED)
def test_every_step_names_code_that_is_there_or_is_said_not_to_be(name):
    steps = PAPERS[name]
    assert len({step.what for step in steps}) == len(steps)
    for step in steps:
        assert (step.status == "not there") is (not step.where)
        assert not step.where or found(step.where), step.where


@pytest.mark.parametrize("name", DECLARED)
def test_the_page_of_methods_shows_the_table(name):
    page = (conf_dir().parent / "docs" / "methods.md").read_text(encoding="utf-8")
    assert table(PAPERS[name]) in page
