"""Supervised fine-tuning on replies."""

from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.training import loop
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, _example, _examples, lengths, train_sft
from alignbench.types import Message, ModelRef, chat

from .world import QUICK, Killed, assert_same_run, history, killed_at

ROWS = [
    ConversationRow(chat("How important is work?", "You speak frankly."), "very"),
    ConversationRow(chat("Can people be trusted?"), "no, never"),
    ConversationRow(chat("How important is family?"), "rather"),
]
LEARN = replace(QUICK, updates=12, prompts_per_update=2, micro_batch=2, checkpoint_every=4, lora_dropout=0.1)


def test_loss_falls(raw: ModelRef, tmp_path: Path) -> None:
    facts = train_sft(Job(raw, LEARN, 0, tmp_path), ROWS)
    losses = [h["loss"] for h in history(tmp_path)]
    assert len(losses) == LEARN.updates
    assert losses[-1] < losses[0] / 2
    assert facts["last"]["loss"] == losses[-1]
    once = sum(len(_example(Renderer.of(raw), row, LEARN)["input_ids"]) for row in ROWS)
    assert (facts["prompt_tokens"], facts["generated_tokens"]) == (8 * once, 0)  # 12 updates of 2 rows


def test_only_what_is_learnt_is_scored(raw: ModelRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trl.kernels import ChunkedLogProbFunction

    apply, scored = ChunkedLogProbFunction.apply, []

    def counting(hidden, *rest):
        scored.append(len(hidden))
        return apply(hidden, *rest)

    monkeypatch.setattr(ChunkedLogProbFunction, "apply", counting)
    train_sft(Job(raw, replace(LEARN, updates=3), 0, tmp_path), ROWS)
    examples = [_example(Renderer.of(raw), row, LEARN) for row in ROWS]
    # Three updates of two rows see each of the three twice.
    assert sum(scored) == 2 * sum(label != -100 for example in examples for label in example["labels"])


@pytest.mark.parametrize(("bound", "micro"), [(0, 4), (1200, 4), (1100, 2), (599, 1), (10, 1)])
def test_long_rows_go_in_smaller_micro_batches(bound: int, micro: int, raw: ModelRef, tmp_path: Path) -> None:
    job = Job(raw, replace(LEARN, micro_batch=4, micro_tokens=bound), 0, tmp_path)
    found = loop.arguments(job, 4, longest=300)
    assert (found["per_device_train_batch_size"], found["gradient_accumulation_steps"]) == (micro, 4 // micro)


def test_the_micro_batch_changes_no_loss(raw: ModelRef, tmp_path: Path) -> None:
    losses = []
    for bound in (0, 1):
        knobs = replace(LEARN, lora_dropout=0.0, updates=4, micro_tokens=bound)
        train_sft(Job(raw, knobs, 0, tmp_path / str(bound)), ROWS)
        losses.append([h["loss"] for h in history(tmp_path / str(bound))])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.long
def test_a_killed_run_goes_on_to_the_same_result(
    raw: ModelRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    train_sft(Job(raw, LEARN, 0, unbroken), ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "stop_if_idle", killed_at(6, loop.stop_if_idle))
        with pytest.raises(Killed):
            train_sft(Job(raw, LEARN, 0, broken), ROWS)
    train_sft(Job(raw, LEARN, 0, broken), ROWS)
    assert_same_run(unbroken, broken)


def test_only_the_reply_and_its_end_are_learned(raw: ModelRef) -> None:
    renderer = Renderer.of(raw)
    example = _example(renderer, ROWS[0], LEARN)
    learned = [token for token in example["labels"] if token != -100]
    assert renderer.tokenizer.decode(learned) == "very<|im_end|>"
    assert example["input_ids"][-len(learned) :] == learned


def test_a_conversation_learnt_whole_is_one_example_with_every_reply(raw: ModelRef) -> None:
    said = (*chat("How are you?", "You speak frankly."), Message("assistant", "well"), Message("user", "And the work?"))
    row = ConversationRow(said, "much of it", every_turn=True)
    renderer = Renderer.of(raw)
    (example,) = _examples(renderer, row, LEARN)
    learned = [token for token in example["labels"] if token != -100]
    assert renderer.tokenizer.decode(learned) == "well<|im_end|>much of it<|im_end|>"
    prompt, reply = renderer.conversation((*said, Message("assistant", "much of it")))
    assert example["input_ids"] == prompt + reply and lengths(raw, [row]) == [len(prompt + reply)]
    assert example["labels"][len(prompt) :] == reply
    with pytest.raises(AlignbenchError, match="max_prompt_tokens"):
        _examples(renderer, row, replace(LEARN, max_prompt_tokens=20))


def test_a_template_that_rewrites_earlier_turns_gives_an_example_a_reply(raw: ModelRef) -> None:
    """Qwen3 opens the turn to come with empty thoughts, and leaves them out of earlier ones."""
    renderer = Renderer.of(raw)
    renderer.tokenizer.chat_template = str(renderer.tokenizer.chat_template).replace(
        "assistant\n{% endif %}", "assistant\n[]{% endif %}"
    )
    said = (*chat("How are you?"), Message("assistant", "well"), Message("user", "And the work?"))
    examples = _examples(renderer, ConversationRow(said, "much of it", every_turn=True), LEARN)
    texts = [renderer.tokenizer.decode([t for t in e["labels"] if t != -100]) for e in examples]
    assert texts == ["well<|im_end|>", "much of it<|im_end|>"]


def test_long_or_empty_replies_are_refused(raw: ModelRef, tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match=r"max_prompt_tokens.*a reply has"):
        train_sft(Job(raw, LEARN, 0, tmp_path), [ConversationRow(chat("Well?"), "no " * 600)])
    with pytest.raises(AlignbenchError, match="at least one token"):
        train_sft(Job(raw, LEARN, 0, tmp_path), [ConversationRow(chat("Well?"), "")])
