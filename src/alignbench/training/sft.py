"""Supervised fine-tuning on conversations, through TRL: the loss is on the reply alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from alignbench.backend.render import Renderer
from alignbench.training import loop
from alignbench.training.recipe import Training
from alignbench.training.rows import check_length
from alignbench.training.selection import Job
from alignbench.types import Chat, Message, ModelRef, check

_IGNORED = -100


@dataclass(frozen=True)
class ConversationRow:
    """A chat up to the user's last word, and the reply to learn.

    Attributes:
        every_turn: learn what the assistant said earlier in the chat, too.
        thought: what a model that thinks by itself thinks before the reply, learnt with it; None leaves that open.
    """

    chat: Chat
    reply: str
    every_turn: bool = False
    thought: str | None = None

    @property
    def whole(self) -> Chat:
        """The chat to its end."""
        thought = () if self.thought is None else (Message("thought", self.thought),)
        return (*self.chat, *thought, Message("assistant", self.reply))

    @property
    def turns(self) -> list[ConversationRow]:
        """Each reply that is learnt, as a separate row."""
        spoken = [i for i, m in enumerate(self.chat) if m.role == "assistant"] if self.every_turn else []
        earlier = [ConversationRow(self.chat[:i], self.chat[i].content) for i in spoken]
        return [*earlier, replace(self, every_turn=False)]


def train_sft(job: Job, rows: Sequence[ConversationRow]) -> dict[str, Any]:
    """Learn the replies in updates of ``prompts_per_update`` rows; the facts of the training.

    Raises:
        AlignbenchError: a prompt or reply is too long, or what :func:`~alignbench.training.loop.train` refuses.
    """
    from trl import SFTConfig, SFTTrainer

    examples = [example for row in rows for example in _examples(job.renderer, row, job.training)]
    tokens = [len(example["input_ids"]) for example in examples]
    config = partial(SFTConfig, max_length=max(tokens, default=0), train_sampling_strategy="sequential")
    return loop.train("SFT", job, examples, tokens, config, SFTTrainer)


def lengths(model: ModelRef, rows: Sequence[ConversationRow]) -> list[int]:
    """Tokens of each row, prompt and replies together."""
    renderer = Renderer.of(model)
    return [sum(map(len, renderer.conversation(row.whole))) for row in rows]


def _examples(renderer: Renderer, row: ConversationRow, training: Training) -> list[dict[str, list[int]]]:
    """One example; of a row with several replies one for each where the template rewrites earlier turns."""
    if not row.every_turn:
        return [_example(renderer, row, training)]
    ids: list[int] = []
    labels: list[int] = []
    for turn in row.turns:
        prompt, reply = renderer.conversation(turn.whole)
        if prompt[: len(ids)] != ids:
            return [_example(renderer, single, training) for single in row.turns]
        labels += [_IGNORED] * (len(prompt) - len(ids)) + reply
        ids = prompt + reply
    limit = training.max_prompt_tokens
    remedy = f"a conversation has {len(ids)} tokens: raise the limit"
    check(len(ids) <= limit, "training.max_prompt_tokens", limit, remedy)
    return [{"input_ids": ids, "labels": labels}]


def _example(renderer: Renderer, row: ConversationRow, training: Training) -> dict[str, list[int]]:
    """Token ids of prompt and reply; labels on the reply and its end of turn."""
    prompt, reply = reply_ids(renderer, row, training)
    return {"input_ids": prompt + reply, "labels": [_IGNORED] * len(prompt) + reply}


def reply_ids(renderer: Renderer, row: ConversationRow, training: Training) -> tuple[list[int], list[int]]:
    """Token ids of the prompt, and of the reply with its end of turn, the thought before it included.

    Raises:
        AlignbenchError: one of them is too long, or the reply is empty.
    """
    prompt, reply = renderer.conversation(row.whole)
    check_length(len(prompt), training)
    check(len(reply) > 1, "training reply", row.reply, "a reply needs at least one token")
    limit = training.max_prompt_tokens
    check(len(reply) <= limit, "training.max_prompt_tokens", limit, f"a reply has {len(reply)} tokens: raise the limit")
    return prompt, reply
