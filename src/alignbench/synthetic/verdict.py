"""Verdicts of a critic: which of a few labels it would give, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from alignbench.backend import Engine
from alignbench.evaluation.metrics import softmax
from alignbench.types import Chat


@dataclass(frozen=True)
class LabelChoice:
    """A label and its share of the probability of all labels asked about, within (0, 1]."""

    label: str
    probability: float


def verdicts(engine: Engine, chats: Sequence[Chat], labels: Sequence[str]) -> list[LabelChoice]:
    """The likeliest label for each chat, read off the next-token probabilities: no reply to parse.

    Equal chats are asked once. Of equally likely labels the first wins.
    """
    unique = list(dict.fromkeys(chats))
    scores = engine.score(unique, [labels] * len(unique))
    shares = {chat: softmax(score.logprobs) for chat, score in zip(unique, scores, strict=True)}
    found = {chat: LabelChoice(labels[int(own.argmax())], float(own.max())) for chat, own in shares.items()}
    return [found[chat] for chat in chats]
