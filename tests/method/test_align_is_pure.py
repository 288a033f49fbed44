"""``align`` does nothing but say what is to be made, and what is made changes with all that has a part in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.backend.server import Server
from alignbench.config import conf_dir
from alignbench.context import RunContext
from alignbench.generator.api import APIModel
from alignbench.identity import canonical
from alignbench.judge.embedding import EmbeddingJudge
from alignbench.judge.likelihood import LikelihoodJudge
from alignbench.judge.llm import LLMJudge
from alignbench.norms.author.llm import LLMAuthor
from alignbench.norms.author.template import TemplateAuthor
from alignbench.runs.cell import Cell
from alignbench.runs.recipe import GROUPS, used
from alignbench.store.store import Store
from alignbench.testing import aligned_alike, composed, shut
from tests.composing import with_embedder
from tests.words import Words

from .chains import aligned, key
from .every import every_method
from .test_contract import STAGES

ROLES = set(GROUPS) - {"method"}


def nano(folder: Path, *words: str) -> Cell:
    """A cell on the shipped model; no engine is opened and nothing embedded."""
    cfg = composed("model=nano", "culture=iraq", f"store={folder}/store", f"reports={folder}/reports", *words)
    cell = with_embedder(Cell.from_config(cfg, (conf_dir(),)), Words())
    return shut(cell)


@pytest.fixture
def idle(monkeypatch):
    """Whoever works is found out."""

    def refuse(what):
        return lambda *args, **kwargs: pytest.fail(what)

    monkeypatch.setattr(Words, "encode", refuse("embedded"))
    monkeypatch.setattr(Store, "get", refuse("asked for a stage"))
    for cls in STAGES:
        monkeypatch.setattr(cls, "build", refuse(f"built {cls.__name__}"))
    for cls in (EmbeddingJudge, LLMJudge):
        monkeypatch.setattr(cls, "judge", refuse("judged"))
    for cls in (TemplateAuthor, LLMAuthor):
        for work in ("low_level", "high_level", "from_topic"):
            monkeypatch.setattr(cls, work, refuse("wrote norms"))


@pytest.mark.long
def test_align_builds_opens_and_embeds_nothing_and_says_the_same_twice(idle, tmp_path):
    one, other = (nano(tmp_path / store, "training.select=validation") for store in ("one", "other"))
    for _, method in every_method():
        aligned_alike(method, one, other)


@pytest.mark.long
def test_another_judge_makes_another_training(tmp_path):
    cells = [nano(tmp_path, "method=culturerl", f"judge={judge}") for judge in ("embedding", "likelihood", "llm")]
    assert len({key(cell, aligned(cell)) for cell in cells}) == 3
    # The norms that it judges by are the same ones.
    assert len({aligned(cell).training.judges["IRQ"].pool.recipe for cell in cells}) == 1


def api(name: str, place: str) -> APIModel:
    return APIModel(Server("http://x:1/v1", served_model=name), place=place)


def people(cell: Cell, judge, author) -> RunContext:
    """The cell's context with roles that know its model and its embedder."""
    given = {"model": cell.model, "embedder": cell.embedder}
    roles = {
        "judge": judge.supply(**given),
        "author": author.supply(**given),
        "generator": api("writer", "generator"),
        "critic": api("critic", "critic"),
    }
    return replace(cell.context(cell.culture), **roles)


def changed(context: RunContext, role: str) -> RunContext:
    """The context with another component in that role alone."""
    if role == "embedder":
        other, given = Words(dimension=8), {"model": context.model}
        held = {r: getattr(context, r).supply(embedder=other, **given) for r in ("judge", "author")}
        return replace(context, embedder=other, **held)
    others = {
        "training": context.training.with_knobs(learning_rate=2 * context.training.learning_rate),
        "judge": LikelihoodJudge(margin=0.7, model=context.model, embedder=context.embedder),
        "author": LLMAuthor(api("scribe", "author.generator")),
        "generator": api("another writer", "generator"),
        "critic": api("another critic", "critic"),
    }
    return replace(context, **{role: others[role]})


@pytest.mark.long
@pytest.mark.parametrize(
    ("judge", "author"),
    [
        (EmbeddingJudge(), TemplateAuthor()),
        # With slots of their own, which are no part of the groups generator and critic.
        (LLMJudge(api("arbiter", "judge.generator")), LLMAuthor(api("author", "author.generator"))),
    ],
    ids=["embedding and template", "language models"],
)
def test_a_group_is_in_the_key_of_those_methods_alone_in_which_it_has_a_part(judge, author, tmp_path):
    context = people(nano(tmp_path), judge, author)
    uses: dict[str, set[str]] = {role: set() for role in ROLES}
    for name, method in every_method():
        model = method.align(context)
        moved = {role for role in ROLES if canonical(method.align(changed(context, role))) != canonical(model)}
        assert moved == used(model) - {"method"}, name
        for role in moved:
            uses[role].add(name.split()[0])
    assert uses["judge"] == {"culturerl", "survey_rl", "culturepark"}
    assert uses["author"] == {"cnca_sft", "cnca_dpo", "cnca_incontext", "prompt"}
    assert {"clca", "culturepark", "culturellm", "culturerl", "culturespa", "narrative_sft"} == uses["generator"]
    assert uses["critic"] == {"clca", "culturepark"}
    assert uses["training"] >= {"clca", "cnca_dpo", "culturerl", "survey_sft"} and "prompt" not in uses["training"]
    assert not {"none", "cultural_prompt", "persona"} & set().union(*uses.values())


@pytest.mark.long
def test_knobs_of_training_that_no_trainer_of_a_method_reads_leave_its_key_alone(tmp_path):
    cell = nano(tmp_path)
    context = cell.context(cell.culture)
    for name, method in every_method():
        model = method.align(context)
        quicker = replace(context, training=context.training.with_knobs(micro_batch=1, micro_tokens=99))
        assert canonical(method.align(quicker)) == canonical(model), name
        if name.startswith("survey_sft"):
            others = replace(context, training=context.training.with_knobs(generations=3, top_k=7))
            assert canonical(method.align(others)) == canonical(model), name
