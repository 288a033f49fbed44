"""CNCA's chains: sampled with the norm in view, judged by the country's answer, kept without the norm.

Where a model thinks by itself the chain is its own thought, in what is learnt and when it is asked.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from alignbench.config import instantiate
from alignbench.data.languages import phrases
from alignbench.errors import AlignbenchError
from alignbench.evaluation.items import BASE
from alignbench.method.cnca_dpo import _pairs, _rows
from alignbench.method.cnca_sft import CNCASFT, LearnRight
from alignbench.runs.compare import compare, contenders
from alignbench.steps.distil import Chain, Distil, _drawn
from alignbench.steps.lessons import Disclosure
from alignbench.training.dpo import PreferenceRow
from alignbench.training.sft import ConversationRow
from alignbench.types import chat
from tests.thinker import thinker

from .chains import aligned

FEW = CNCASFT(items=6, chains=3, thought_tokens=6, temperature=1.0, top_p=1.0)
FEWER = ("method.items=2", "method.chains=1", "method.thought_tokens=2")


@pytest.fixture(scope="module")
def thinking(tmp_path_factory):
    """What makes a cell's model the tiny one that thinks by itself."""
    folder = tmp_path_factory.mktemp("thinker")
    thinker(folder)
    return "model=local", f"model.path={folder}", "model.thinking=on", "method.thought_tokens=24"


def source(cell, method=FEW) -> Distil:
    """The stage whose chains are learnt."""
    found = aligned(cell, method=method).training.source
    assert isinstance(found, Distil)
    return found


def made(item: str, thought: str, answer: str, top: str = "1", conclude: str | None = "So?") -> Chain:
    return Chain(item, chat(f"{item}?"), thought, conclude, answer, top)


def test_chains_are_judged_by_the_countrys_answer_and_lose_their_norm(make_cell) -> None:
    cell = make_cell("method=cnca_sft", "culture=iraq")
    stage = source(cell)
    facts, chains = cell.store.get(stage).facts, stage.chains(cell.tools)
    assert len(chains) == 18 and facts["right"] + facts["wrong"] == 18
    train = cell.context(cell.culture).train
    for chain in chains:
        item = train.item(chain.item)
        assert "Norms of the society" not in str(chain.chat) and "People in Iraq" not in str(chain.chat)
        assert item.question in chain.chat[-1].content
        shares = train.of("IRQ")[item.id].shares
        top = shares.index(max(shares))
        listed = chain.chat[-1].content
        if item.poles is None:
            assert f"{chain.top}. {item.options[top]}" in listed
        assert chain.right == (chain.answer == chain.top)


def test_answers_are_sampled_from_the_options_at_the_temperature() -> None:
    logprobs = [math.log(p) for p in (0.5, 0.3, 0.2)]
    assert [_drawn(logprobs, 1.0, draw) for draw in (0.0, 0.49, 0.51, 0.79, 0.81, 0.999)] == [0, 0, 1, 1, 2, 2]
    # At half the temperature shares go by their squares: 25/38, 9/38, 4/38.
    assert [_drawn(logprobs, 0.5, draw) for draw in (0.65, 0.67, 0.88, 0.9)] == [0, 1, 1, 2]
    assert _drawn(logprobs, 0.0, 0.999) == 0


def test_equal_knobs_share_the_chains_and_others_do_not(make_cell) -> None:
    cell = make_cell("method=cnca_sft", "culture=iraq")
    first, again, other = (cell.store.get(source(cell, m)) for m in (FEW, replace(FEW), replace(FEW, chains=2)))
    assert first.key == again.key != other.key
    assert [s.name for s in cell.store.built].count("mine") == 1


def test_pairs_are_right_and_wrong_chains_of_the_same_item() -> None:
    chains = [made("a", "x", "1"), made("a", "y", "2"), made("a", "z", "3"), made("b", "x", "2"), made("c", "x", "1")]
    pairs = _pairs(chains)
    assert [(r.item, r.thought, w.thought) for r, w in pairs] == [("a", "x", "y")]
    thought, answer = _rows(*pairs[0])
    assert (thought.chosen, thought.rejected) == ("x", "y")
    assert (answer.chosen, answer.rejected) == ("1", "2") and answer.chat[-1].content == "So?"


def test_a_pair_with_one_thought_differs_in_the_answer_alone() -> None:
    ((right, wrong),) = _pairs([made("a", "x", "1"), made("a", "x", "2")])
    assert [row.chosen for row in _rows(right, wrong)] == ["1"]


def test_a_model_that_is_never_right_is_told_so(make_cell, tmp_path) -> None:
    cell = make_cell("method=cnca_dpo", "culture=iraq")
    with pytest.raises(AlignbenchError, match="both right and wrong"):
        aligned(cell).training.learn([made("a", "x", "2")], tmp_path)


@pytest.mark.parametrize("told", list(Disclosure))
def test_the_country_is_named_where_told_says_so_to_the_method_and_to_all_that_it_is_compared_with(
    make_cell, told
) -> None:
    cell = make_cell("method=cnca_sft", "culture=iraq", f"method.told={told.name}", *FEWER)
    stage, rows = source(cell, cell.method), list(contenders(cell))
    assert (stage.mined.subject == "People here") is (told is Disclosure.never)
    prompt = stage.chains(cell.tools)[0].chat if cell.store.get(stage) else ()
    assert ("Iraq" in str(prompt)) is (told is not Disclosure.never)
    said = {(row.kind, row.country): row.model.policy for row in rows if row.method == "cnca_sft"}
    own, control = said["method", None], said["control", cell.control.country]
    assert ("Iraq" in str(own.systems)) is (cell.control.country in str(control.systems)) is (told is Disclosure.always)
    assert own.reasoning is not None
    assert said["prompted", None] == own and said["prompted_control", cell.control.country] == control


def test_a_model_that_thinks_by_itself_is_asked_as_ever_and_its_own_thoughts_are_the_chains(
    make_cell, thinking
) -> None:
    cell = make_cell(*thinking, "method=cnca_sft", "culture=iraq", "method.items=8", "method.temperature=1.0")
    stage = source(cell, cell.method)
    facts, chains = cell.store.get(stage).facts, stage.chains(cell.tools)
    cut = sum(not chain.closed for chain in chains)
    assert 0 < cut < len(chains) == 32 and facts["unclosed_share"] == pytest.approx(cut / 32)
    (said,) = facts["remarks"]
    assert said.startswith(f"{cut / 32:.1%} of the thoughts") and "within 24 tokens" in said
    words = phrases("en")
    for chain in chains:
        assert chain.conclude is None and len(chain.chat) == 2
        assert words.option_number in chain.chat[-1].content or words.scale_letter in chain.chat[-1].content
        assert words.think not in chain.chat[-1].content


def test_only_thoughts_that_ended_are_learnt_each_in_one_turn_with_its_answer(
    make_cell, thinking, monkeypatch, tmp_path
) -> None:
    cell = make_cell(*thinking, "culture=iraq", "method=cnca_dpo", "method.items=2")
    learner = aligned(cell).training
    right, wrong, cut = (made("a", t, a, conclude=None) for t, a in (("x", "1"), ("y", "2"), ("z", "1")))
    sampled = [right, replace(cut, closed=False), wrong, replace(wrong, thought="")]
    monkeypatch.setattr(Distil, "chains", lambda self, tools: sampled)
    rows: list = []
    for module, train in (("cnca_dpo", "train_dpo"), ("cnca_sft", "train_sft")):
        trained = partial(lambda _, learnt, *beta: rows.extend(learnt) or {})
        monkeypatch.setattr(f"alignbench.method.{module}.{train}", trained)
    facts = learner.build(tmp_path, cell.tools)
    assert (facts["sampled"], facts["chains"], facts["right"]) == (4, 2, 1)
    assert rows == [PreferenceRow(right.chat, "1", "2", ("x", "y"))]
    rows.clear()
    LearnRight(**{name: value for name, value in vars(learner).items() if name != "beta"}).build(tmp_path, cell.tools)
    assert rows == [ConversationRow(right.chat, "1", thought="x")]
    sampled[:] = [replace(chain, closed=False) for chain in sampled]
    with pytest.raises(AlignbenchError, match=r"method.thought_tokens.*24.*none of 4 thoughts"):
        learner.build(tmp_path, cell.tools)


@pytest.mark.long
def test_a_thinking_cell_trains_asks_after_thoughts_and_says_how_many_were_cut(make_cell, thinking) -> None:
    words = ("control=false", "method.items=4", "method.temperature=1.0", "scoring.split=validation")
    cell = make_cell(*thinking[:-1], "method=cnca_sft", "culture=iraq", *words, "method.thought_tokens=12")
    cell = replace(cell, baselines={BASE: cell.baselines[BASE]})
    record, _ = compare(cell)
    asked = {row.label: row for row in record.rows}
    assert {"base", "cnca_sft", "base prompted as cnca_sft"} <= asked.keys()
    (said,) = [note for note in record.notes if note.startswith("Thoughts that did not end")]
    assert "cnca_sft " in said and "base prompted as cnca_sft " in said and "thought_tokens: base " not in said
    assert any("sampled for training did not end" in note for note in record.notes)
    assert any("it answers after an empty thought" in note for note in record.notes)
    for stage in (s for s in cell.store.built if s.name == "respond"):
        frame = pd.read_parquet(stage.path / "responses.parquet")
        each = frame.drop_duplicates(["item", "context", "order", "chain"])
        if each["thought"].str.len().max() > 0:
            assert stage.facts["unclosed_share"] == pytest.approx(1 - each["closed"].mean())
            assert 0 < each["closed"].mean() < 1
        else:
            assert "unclosed_share" not in stage.facts


@pytest.mark.long
def test_budgets_of_thoughts_follow_the_form(make_cell, thinking) -> None:
    for words, tokens, own in (((), 48, False), (thinking[:-1], 1024, True), (thinking, 24, True)):
        for method in ("cnca_sft", "cnca_incontext"):
            thoughts = aligned(make_cell(*words, f"method={method}", "culture=iraq")).policy.reasoning
            assert (thoughts.max_new_tokens, thoughts.thought) == (tokens, own)


def test_show_prints_the_thought_of_a_thinking_model_where_it_stands(compose_config, thinking, capsys) -> None:
    cfg = compose_config(*thinking, "task=show", "method=cnca_sft", "culture=iraq")
    instantiate(cfg.task).main(cfg)
    said = capsys.readouterr().out
    assert "<think>\n\n--- and after the model's thoughts" in said
    assert "<think>\n[thoughts]\n</think>\n\n\n--- scored" in said
