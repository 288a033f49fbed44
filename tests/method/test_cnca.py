"""CNCA's chains: sampled with the norm in view, judged by the country's answer, kept without the norm."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.method.cnca_dpo import _pairs, _rows
from alignbench.method.cnca_sft import CNCASFT
from alignbench.steps.distil import Chain, Distil, _drawn
from alignbench.steps.mining import MiningInput
from alignbench.types import chat

from .chains import aligned

FEW = CNCASFT(MiningInput.tq_ta, True, items=6, chains=3, thought_tokens=6, temperature=1.0, top_p=1.0)


def source(cell, method=FEW) -> Distil:
    """The stage whose chains are learnt."""
    found = aligned(cell, method=method).training.source
    assert isinstance(found, Distil)
    return found


def made(item: str, thought: str, answer: str, top: str = "1") -> Chain:
    return Chain(item, chat(f"{item}?"), thought, "So?", answer, top)


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
