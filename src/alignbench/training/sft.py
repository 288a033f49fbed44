"""Supervised fine-tuning on conversations, through TRL: the loss is on the reply alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.backend.render import Renderer
from alignbench.training import loop
from alignbench.training.export import export, finished
from alignbench.training.order import order_of
from alignbench.training.policy import load_policy
from alignbench.training.recipe import Training
from alignbench.training.rows import check_length
from alignbench.types import Chat, Message, ModelRef, check

_IGNORED = -100


@dataclass(frozen=True)
class ConversationRow:
    """A chat up to the user's last word, and the reply to learn."""

    chat: Chat
    reply: str


def train_sft(
    model: ModelRef,
    rows: Sequence[ConversationRow],
    training: Training,
    seed: int,
    folder: Path,
    start_adapter: Path | None = None,
) -> dict[str, Any]:
    """Learn the replies for ``training.updates`` updates of ``prompts_per_update`` rows; leave an adapter folder.

    Args:
        start_adapter: folder of an earlier training (same kind of weights) to go on from.

    Returns:
        The facts of the training.

    Raises:
        AlignbenchError: a prompt or reply is too long, or batch and micro-batch do not fit.
    """
    done = finished(folder)
    if done is not None:
        return done
    check(bool(rows), "training rows", 0, "there is nothing to train on")
    renderer = Renderer.of(model)
    examples = [_example(renderer, row, training) for row in rows]
    loop.quiet()
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    config = SFTConfig(
        **loop.arguments(training, seed, folder, training.prompts_per_update),
        max_length=training.max_prompt_tokens + training.max_new_tokens,
        # The rows come in the order of use.
        train_sampling_strategy="sequential",
    )
    network, tokenizer = load_policy(model, training, seed, start_adapter)
    order = order_of(training.updates, len(rows), training.prompts_per_update, seed)
    dataset = Dataset.from_list([examples[i] for i in order])
    trainer = SFTTrainer(model=network, args=config, processing_class=tokenizer, train_dataset=dataset)
    history = loop.run(trainer, training, seed, folder, "SFT")
    weights = loop.sharded(trainer)
    return export(network, tokenizer, model, training, folder, history, training.updates, "last", weights)


def _example(renderer: Renderer, row: ConversationRow, training: Training) -> dict[str, list[int]]:
    """Token ids of prompt and reply; labels on the reply and its end of turn."""
    prompt, reply = reply_ids(renderer, row, training)
    return {"input_ids": prompt + reply, "labels": [_IGNORED] * len(prompt) + reply}


def reply_ids(renderer: Renderer, row: ConversationRow, training: Training) -> tuple[list[int], list[int]]:
    """Token ids of the prompt, and of the reply with its end of turn.

    Raises:
        AlignbenchError: one of them is too long, or the reply is empty.
    """
    prompt, reply = renderer.conversation((*row.chat, Message("assistant", row.reply)))
    check_length(len(prompt), training)
    check(len(reply) > 1, "training reply", row.reply, "a reply needs at least one token")
    limit = training.max_new_tokens
    check(len(reply) <= limit, "training.max_new_tokens", limit, f"a reply has {len(reply)} tokens: raise the limit")
    return prompt, reply
