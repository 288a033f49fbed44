"""One small training of each kind, on rows that every kind can learn from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from alignbench.training import Training
from alignbench.training.dpo import PreferenceRow, train_dpo
from alignbench.training.grpo import Paid, PromptRow, train_grpo
from alignbench.training.losses import distribution_sft, option_dpo, option_grpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind
from alignbench.training.selection import Job, Validate
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import ModelRef, chat

from .world import TARGETS, option_rows

CHATS = [chat(f"What do you say about {topic}?") for topic in TARGETS]
SAID = [ConversationRow(c, reply) for c, reply in zip(CHATS, ("very", "no, never", "rather", "hardly"), strict=True)]
PAIRS = [PreferenceRow(row.chat, row.reply, "yes") for row in SAID]


def length(completions: list[str], meta: list[Any]) -> Paid:
    return Paid([float(len(text)) for text in completions])


Train = Callable[[ModelRef, Training, Path, Validate | None], dict[str, Any]]
TRAIN: dict[TrainerKind, Train] = {
    TrainerKind.options_sft: lambda m, t, f, v: train_on_options(Job(m, t, 0, f, v), option_rows(), distribution_sft),
    TrainerKind.options_grpo: lambda m, t, f, v: train_on_options(Job(m, t, 0, f, v), option_rows(), option_grpo),
    TrainerKind.options_dpo: lambda m, t, f, v: train_on_options(
        Job(m, t, 0, f, v), option_rows(), partial(option_dpo, beta=1.0), reference=True
    ),
    TrainerKind.sft: lambda m, t, f, v: train_sft(Job(m, t, 0, f, v), SAID),
    TrainerKind.dpo: lambda m, t, f, v: train_dpo(Job(m, t, 0, f, v), PAIRS, 0.1),
    TrainerKind.grpo: lambda m, t, f, v: train_grpo(Job(m, t, 0, f, v), [PromptRow(c) for c in CHATS], length),
}  # fmt: skip
