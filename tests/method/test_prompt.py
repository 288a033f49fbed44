"""Prompts put together from blocks."""

from __future__ import annotations

import pandas as pd
import pytest

from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.method.prompt import BLOCKS
from alignbench.runs.compare import compare
from alignbench.runs.recipe import lineage
from alignbench.types import Split

from .chains import made

TEST = ("Q57", "Q182")


def policy(make_cell, *overrides: str):
    cell = make_cell(*overrides, "culture=iraq")
    model = made(cell).model
    return cell, model, model.policy.ready(cell.tools.folder)


def first(cell):
    return cell.surveys[Split.test].asked("IRQ")[0]


def test_blocks_are_joined_in_order_and_the_longest_list_of_variants_counts(make_cell) -> None:
    cell, model, found = policy(make_cell, "method=prompt", "method.blocks=[persona,norms]", "method.personas=3")
    systems = found.systems_for(first(cell))
    assert len(set(systems)) == 3
    for text in systems:
        assert text.startswith("You live in Iraq. You are a") and text.index("Norms of the society") > 20
    assert any("assumed" in note for note in model.notes) and any("template" in note for note in model.notes)
    assert {stage.name for stage in lineage(model)[0]} == {"mine", "abstract"}


def test_every_block_makes_a_text(make_cell) -> None:
    for name in BLOCKS:
        cell, _, found = policy(make_cell, "method=prompt", f"method.blocks=[{name}]", "method.personas=2")
        assert all(text and "{" not in text for text in found.systems_for(first(cell)))


def test_neighbours_are_answered_training_items_and_depend_on_the_question(make_cell) -> None:
    cell, _, found = policy(make_cell, "method=self_alignment")
    items = cell.surveys[Split.test].asked("IRQ")
    texts = {found.systems_for(item)[0] for item in items[:12]}
    assert len(texts) > 3
    train = cell.surveys[Split.train]
    shown = [item for item in train.items if item.question in found.systems_for(items[0])[0]]
    assert len(shown) == 5
    for item in shown:
        shares = train.of("IRQ")[item.id].shares
        assert f"{item.question}\n{item.options[shares.index(max(shares))]}" in found.systems_for(items[0])[0]


def test_like_and_unlike_countries_come_from_the_survey(make_cell) -> None:
    cell, _, found = policy(make_cell, "method=cross_culture")
    (text,) = found.systems_for(first(cell))
    near, far = text.split("least like it are")
    assert "Jordan" in near and "Jordan" not in far and text.count(",") >= 4


def test_norms_are_those_of_the_topic(make_cell) -> None:
    cell, _, found = policy(make_cell, "method=cnca_incontext", "method.norms_per_topic=2")
    train_topics = {item.topic for item in cell.surveys[Split.train].items}
    known = next(i for i in cell.surveys[Split.test].asked("IRQ") if i.topic in train_topics)
    unknown = [i for i in cell.surveys[Split.test].asked("IRQ") if i.topic not in train_topics]
    assert found.systems_for(known)[0].count("\n- ") == 2
    assert all(found.systems_for(item)[0].count("\n- ") == 2 for item in unknown)


def test_a_native_prompt_is_in_the_cultures_language(make_cell) -> None:
    cell, model, found = policy(make_cell, "method=native_language")
    item = first(cell)
    prompt = next(cell.scoring.asking.prompts([item], found))
    assert found.worded(item).question in prompt.request.chat[-1].content
    assert "العراق" in prompt.request.chat[0].content
    assert any("no speaker has reviewed" in note for note in model.notes)


@pytest.mark.long
def test_policies_that_say_other_things_have_other_identities(make_cell) -> None:
    choices = [
        ("method=persona",), ("method=persona", "seed=1"), ("method=guided",), ("method=native_language",),
        ("method=cnca_incontext",), ("method=cnca_incontext", "method.reasoning=false"),
        ("method=cnca_incontext", "method.mining=tq_ra"), ("method=self_alignment", "method.neighbours=3"),
    ]  # fmt: skip
    found = [canonical(policy(make_cell, *words)[1].policy) for words in choices]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("method=prompt", "method.blocks=[]"), "choose one of anthropological"),
        (("method=prompt", "method.blocks=[norm]"), "choose one of anthropological"),
        (("method=native_language", "method.blocks=[persona]"), "only the block country"),
        (("method=cross_culture", "method.similar=40"), "other countries are known"),
        (("method=cnca_incontext", "method.mining=t"), "author=llm"),
        (("method=cnca_sft", "method.mining=t"), "choose one of tq_ta, tq_ra"),
    ],
)
def test_what_can_not_be_is_refused_before_weights_load(make_cell, words, message) -> None:
    with pytest.raises(AlignbenchError, match=message):
        policy(make_cell, *words)


@pytest.mark.long
def test_thoughts_are_sampled_kept_and_averaged_over(make_cell) -> None:
    words = ("method=cnca_incontext", "method.chains=2", "method.thought_tokens=5", "culture=iraq", "control=false")
    cell = make_cell(*words)
    record, _ = compare(cell)
    assert record.aligned is not None
    frames = [pd.read_parquet(s.path / "responses.parquet") for s in cell.store.built if s.name == "respond"]
    thought = next(frame for frame in frames if frame["thought"].str.len().max() > 0)
    assert set(thought["chain"]) == {0, 1}
    assert (thought.groupby(["item", "context", "order"])["chain"].nunique() == 2).all()


def test_show_prints_what_the_model_gets(compose_config, capsys) -> None:
    cfg = compose_config("task=show", "method=persona", "culture=iraq", "task.item=Q57", "task.prompts=2")
    instantiate(cfg.task).main(cfg)
    said = capsys.readouterr().out
    assert said.count("<|im_start|>system\nYou live in Iraq. You are a") == 2
    assert "--- scored: 1 | 2" in said and "10 prompts for this item; no weights change" in said
    cfg = compose_config("task=show", "method=none", "culture=iraq", "task.item=Q1")
    with pytest.raises(AlignbenchError, match="Q18"):
        instantiate(cfg.task).main(cfg)
