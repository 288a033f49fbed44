"""Direct preference optimisation on pairs of replies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.backend.hf import HF
from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.training import loop
from alignbench.training.dpo import PreferenceRow, example, train_dpo
from alignbench.training.selection import Job
from alignbench.types import ModelRef, chat

from .world import QUICK, Killed, assert_same_run, history, killed_at

ROWS = [
    PreferenceRow(chat("How important is work?", "You speak frankly."), "very", "not"),
    PreferenceRow(chat("Can people be trusted?"), "no, never", "yes"),
    PreferenceRow(chat("How important is family?"), "rather", "hardly"),
]
LEARN = replace(QUICK, learning_rate=3e-3, updates=12, prompts_per_update=2, micro_batch=2, checkpoint_every=4)


@pytest.mark.long
def test_the_chosen_replies_become_likelier_than_the_rejected(raw: ModelRef, tmp_path: Path) -> None:
    facts = train_dpo(Job(raw, LEARN, 0, tmp_path), ROWS, 0.1)
    log = history(tmp_path)
    assert len(log) == LEARN.updates and log[0]["loss"] == pytest.approx(0.693, abs=0.01)
    assert log[-1]["loss"] < 0.6 and log[-1]["preference_margin"] > 0.1
    assert facts["last"] == log[-1]
    examples = [example(Renderer.of(raw), row, LEARN) for row in ROWS]
    once = sum(2 * len(e["prompt_ids"]) + len(e["chosen_ids"]) + len(e["rejected_ids"]) for e in examples)
    assert (facts["prompt_tokens"], facts["generated_tokens"]) == (8 * once, 0)  # 12 updates of 2 pairs
    engine = HF(device="cpu").open(raw)
    for row in ROWS:
        before, after = (
            engine.score([row.chat], [(row.chosen, row.rejected)], adapter)[0].logprobs for adapter in (None, tmp_path)
        )
        assert after[0] - after[1] > before[0] - before[1]


@pytest.mark.long
def test_a_killed_run_goes_on_to_the_same_result(
    raw: ModelRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    train_dpo(Job(raw, LEARN, 0, unbroken), ROWS, 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "stop_if_idle", killed_at(6, loop.stop_if_idle))
        with pytest.raises(Killed):
            train_dpo(Job(raw, LEARN, 0, broken), ROWS, 0.1)
    train_dpo(Job(raw, LEARN, 0, broken), ROWS, 0.1)
    assert_same_run(unbroken, broken)


def test_pairs_are_the_renderers_own_tokens(raw: ModelRef) -> None:
    renderer = Renderer.of(raw)
    pair = example(renderer, ROWS[0], LEARN)
    assert tuple(pair["prompt_ids"]) == renderer.prompt(ROWS[0].chat).ids
    assert renderer.tokenizer.decode(pair["chosen_ids"]) == "very<|im_end|>"
    assert renderer.tokenizer.decode(pair["rejected_ids"]) == "not<|im_end|>"


def test_equal_replies_are_no_preference(raw: ModelRef, tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match="must differ"):
        train_dpo(Job(raw, LEARN, 0, tmp_path), [PreferenceRow(chat("Well?"), "yes", "yes")], 0.1)
