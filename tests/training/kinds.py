"""One small training of each kind, on rows that every kind can learn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alignbench.training import Training
from alignbench.training.dpo import PreferenceRow, train_dpo
from alignbench.training.grpo import PromptRow, train_grpo
from alignbench.training.losses import distribution_sft, option_grpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind
from alignbench.training.selection import Validate
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import ModelRef, chat

from .world import TARGETS, option_rows

CHATS = [chat(f"What do you say about {topic}?") for topic in TARGETS]
SAID = [ConversationRow(c, reply) for c, reply in zip(CHATS, ("very", "no, never", "rather", "hardly"), strict=True)]
PAIRS = [PreferenceRow(row.chat, row.reply, "yes") for row in SAID]


def length(completions: list[str], meta: list[Any]) -> list[float]:
    return [float(len(text)) for text in completions]


Train = Callable[[ModelRef, Training, Path, Validate | None], dict[str, Any]]
TRAIN: dict[TrainerKind, Train] = {
    TrainerKind.options_sft: lambda m, t, f, v: train_on_options(m, option_rows(), distribution_sft, t, 0, f, v),
    TrainerKind.options_grpo: lambda m, t, f, v: train_on_options(m, option_rows(), option_grpo, t, 0, f, v),
    TrainerKind.sft: lambda m, t, f, v: train_sft(m, SAID, t, 0, f, validate=v),
    TrainerKind.dpo: lambda m, t, f, v: train_dpo(m, PAIRS, t, 0.1, 0, f, v),
    TrainerKind.grpo: lambda m, t, f, v: train_grpo(
        m, [PromptRow(c) for c in CHATS], length, t, 0, f, validate=v
    ),
}  # fmt: skip
