"""Group distributional preference optimisation: what is rated, by hand, and what is learnt."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alignbench import ranks
from alignbench.backend.hf import HF
from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.training.gdpo import BeliefRow, _after_belief, divergence, train_gdpo
from alignbench.training.rows import encode
from alignbench.training.selection import Job
from alignbench.types import ModelRef

from .world import QUICK, history, option_rows

LEARN = replace(QUICK, learning_rate=3e-3, updates=24, prompts_per_update=4, micro_batch=2, checkpoint_every=24)
ROWS = [
    BeliefRow(question, belief, *(("I do.", "I do not.") if belief == "1" else ("I do not.", "I do.")))
    for question in option_rows()
    for belief in ("1", "2")
]


def test_the_divergence_by_hand() -> None:
    logp = [torch.tensor([0.5, 0.25]).log(), torch.tensor([0.1, 0.2, 0.7]).log()]
    first = 0.5 * math.log(0.5 / 0.5) + 0.5 * math.log(0.5 / 0.25)
    assert float(divergence(logp[:1], [(0.5, 0.5)])) == pytest.approx(first)
    # An answer that nobody gives counts for nothing, and people's own distribution has no divergence.
    assert float(divergence(logp[1:], [(0.0, 0.0, 1.0)])) == pytest.approx(-math.log(0.7))
    assert float(divergence(logp[1:], [(0.1, 0.2, 0.7)])) == pytest.approx(0, abs=1e-6)
    assert float(divergence(logp, [(0.5, 0.5), (0.1, 0.2, 0.7)])) == pytest.approx(first / 2, abs=1e-6)


def test_the_belief_stands_before_both_opinions_and_is_not_compared(raw: ModelRef) -> None:
    renderer, row = Renderer.of(raw), ROWS[1]
    question = encode(renderer, row.question.chat, row.question.options, LEARN)
    found = _after_belief(renderer, row, question, LEARN)
    assert found["prompt_ids"] == [*question.ids, question.labels[1]]
    said = [renderer.tokenizer.decode(found[name]) for name in ("chosen_ids", "rejected_ids")]
    assert said == [". I do not.<|im_end|>", ". I do.<|im_end|>"]


@pytest.mark.long
def test_beliefs_approach_the_group_and_opinions_go_with_them(raw: ModelRef, tmp_path: Path) -> None:
    train_gdpo(Job(raw, LEARN, 0, tmp_path), ROWS, 0.1)
    log = history(tmp_path)
    assert log[-1]["preferred_share"] > 0.7 and log[-1]["preference_margin"] > 0
    engine = HF(device="cpu").open(raw)
    questions = [row.question for row in ROWS[::2]]

    def distance(adapter: Path | None) -> float:
        scores = engine.score([q.chat for q in questions], [q.options for q in questions], adapter)
        logp = [torch.tensor(score.logprobs, dtype=torch.float32) for score in scores]
        return float(divergence(logp, [q.target for q in questions]))

    assert distance(tmp_path) < distance(None) / 2


@pytest.mark.long
def test_both_losses_count_alike(raw: ModelRef, tmp_path: Path) -> None:
    once = replace(LEARN, updates=1, prompts_per_update=len(ROWS), micro_batch=2)
    train_gdpo(Job(raw, once, 0, tmp_path), ROWS, 0.1)
    questions = [row.question for row in ROWS]
    scores = HF(device="cpu").open(raw).score([q.chat for q in questions], [q.options for q in questions])
    logp = [torch.tensor(score.logprobs, dtype=torch.float32) for score in scores]
    # Before anything is learnt no opinion is preferred: its loss is ln 2.
    expected = math.log(2) + float(divergence(logp, [q.target for q in questions]))
    assert history(tmp_path)[0]["loss"] == pytest.approx(expected, abs=0.01)


def test_several_processes_are_refused(raw: ModelRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "world", lambda: 2)
    with pytest.raises(AlignbenchError, match="number of processes"):
        train_gdpo(Job(raw, LEARN, 0, tmp_path), ROWS, 0.1)
