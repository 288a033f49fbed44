"""Verdicts of a critic: which of a few labels it would give, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from alignbench.backend import Engine
from alignbench.types import Chat


@dataclass(frozen=True)
class Verdict:
    """A label and its share of the probability of all labels asked about, within (0, 1]."""

    label: str
    probability: float


def verdicts(engine: Engine, chats: Sequence[Chat], labels: Sequence[str]) -> list[Verdict]:
    """The likeliest label for each chat, read off the next-token probabilities: no reply to parse.

    Equal chats are asked once. Of equally likely labels the first wins.
    """
    unique = list(dict.fromkeys(chats))
    scores = engine.score(unique, [labels] * len(unique))
    found = {chat: _verdict(score.logprobs, labels) for chat, score in zip(unique, scores, strict=True)}
    return [found[chat] for chat in chats]


def _verdict(logprobs: Sequence[float], labels: Sequence[str]) -> Verdict:
    top = max(range(len(labels)), key=lambda i: logprobs[i])
    return Verdict(labels[top], 1 / sum(exp(value - logprobs[top]) for value in logprobs))
