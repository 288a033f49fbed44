"""GRPO on generated text: a toy reward, resume, and the errors said before weights load."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.training import loop
from alignbench.training.grpo import Paid, PromptRow, train_grpo
from alignbench.training.losses import distribution_sft
from alignbench.training.options import train_on_options
from alignbench.training.selection import Job
from alignbench.types import ModelRef, chat

from .world import QUICK, Killed, assert_same_run, history, killed_at, option_rows

PROMPTS = [PromptRow(chat(f"Say something about {topic}"), topic) for topic in ("work", "faith", "family")]
TALK = replace(QUICK, updates=4, prompts_per_update=2, micro_batch=4, checkpoint_every=2)


def length(completions: list[str], meta: list[str]) -> Paid:
    """Paid by length; the first of each call could not be read."""
    return Paid([float(len(text)) for text in completions], unread=1)


@pytest.fixture(scope="module")
def start(raw: ModelRef, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter to go on from."""
    folder = tmp_path_factory.mktemp("start")
    train_on_options(Job(raw, replace(QUICK, updates=2), 0, folder), option_rows(), distribution_sft)
    return folder


def test_history_names_what_happened_and_the_reward_gets_text_and_meta(raw: ModelRef, tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def reward(completions: list[str], meta: list[str]) -> Paid:
        seen.extend(zip(meta, completions, strict=True))
        return length(completions, meta)

    facts = train_grpo(Job(raw, replace(TALK, updates=3), 0, tmp_path), PROMPTS, reward)
    assert facts["selected_update"] == 3
    once = sum(len(Renderer.of(raw).prompt(p.chat).ids) for p in PROMPTS)
    assert facts["prompt_tokens"] == 2 * TALK.generations * once  # 3 updates of 2 prompts, each as often as answered
    written = sum(row["completion_tokens"] for row in history(tmp_path)) * 2 * TALK.generations
    assert facts["generated_tokens"] == pytest.approx(written, abs=1) and written > 0
    assert (tmp_path / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "checkpoints").exists()
    assert [h["update"] for h in history(tmp_path)] == [1, 2, 3]
    wanted = {"loss", "learning_rate", "reward", "zero_variance_share", "completion_tokens"}
    assert wanted <= history(tmp_path)[-1].keys()
    assert {h["unread_share"] for h in history(tmp_path)} == {1 / (2 * TALK.generations)}
    topics = [topic for topic, _ in seen]
    assert sorted(topics) == sorted(p.meta for p in PROMPTS for _ in range(2 * TALK.generations))
    assert all("<|im_" not in text for _, text in seen)


@pytest.mark.long
def test_a_killed_run_goes_on_to_the_same_result(
    raw: ModelRef, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, logs, read = replace(TALK, kl_beta=0.05), list[list[dict[str, Any]]](), loop.history_of
    monkeypatch.setattr(loop, "history_of", lambda log: logs.append(log) or read(log))
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    train_grpo(Job(raw, training, 0, unbroken), PROMPTS, length, start)
    with pytest.raises(Killed):
        train_grpo(Job(raw, training, 0, broken), PROMPTS, killed_at(4, length), start)
    (broken / "checkpoints" / "checkpoint-3").mkdir()  # a checkpoint that the kill cut short
    train_grpo(Job(raw, training, 0, broken), PROMPTS, length, start)
    assert_same_run(unbroken, broken)
    assert logs[0][0]["kl"] == pytest.approx(0, abs=1e-6)  # measured from the adapter it started with


def test_a_reward_without_any_variance_stops_the_training(raw: ModelRef, tmp_path: Path) -> None:
    training = replace(TALK, updates=5, patience_zero_variance=2)
    with pytest.raises(AlignbenchError, match="earned the same"):
        train_grpo(Job(raw, training, 0, tmp_path), PROMPTS, lambda completions, meta: Paid([1.0] * len(completions)))
    assert len(history(tmp_path)) == 2


@pytest.mark.parametrize(
    ("knobs", "name"),
    [
        ({"micro_batch": 3}, "micro_batch"),
        ({"max_prompt_tokens": 3}, "max_prompt_tokens"),
        ({"vllm": True, "top_k": 0}, "vllm"),
    ],
)
def test_impossible_requests_are_refused(raw: ModelRef, tmp_path: Path, knobs: dict[str, int], name: str) -> None:
    with pytest.raises(AlignbenchError, match=f"training.{name}"):
        train_grpo(Job(raw, replace(TALK, **knobs), 0, tmp_path), PROMPTS, length)
