"""Requests to a generator or critic, and verdicts of the latter.

Examples are earlier turns: small models follow those better than instructions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from alignbench.backend import Engine
from alignbench.evaluation.metrics import softmax
from alignbench.templates import rendered
from alignbench.types import Chat, Message

_PROMPTS = Path(__file__).parent / "prompts"


def conversation(name: str, **values: object) -> Chat:
    """The chat of a template: its parts, parted by lines of three dashes, are user and assistant in turn."""
    parts = [part.strip() for part in rendered(_PROMPTS, name, True, **values).split("\n---\n")]
    return tuple(Message(role, part) for role, part in zip(cycle(("user", "assistant")), parts, strict=False))


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
