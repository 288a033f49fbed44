"""A stand-in that speaks, judges and reads intents for CLCA."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alignbench.backend import Engine, Usage
from alignbench.generator import Generator
from alignbench.method.clca import CLCA
from alignbench.types import Chat, OptionScores
from tests.dialogue.stage import lively

FEW = CLCA(scenarios=4, max_turns=2)
INTENT = "intend with the last turn"


@dataclass(frozen=True)
class Speaker(Generator):
    """A stand-in: what it says, and the probability that it gives to the second label."""

    say: Callable[[Chat], str]
    second: Callable[[Chat], float] = lambda chat: 0.2

    def open(self, tools: Any) -> Engine:
        return _Engine(self)

    @property
    def identity(self) -> dict[str, Any]:
        return {"stand-in": self.say.__name__}

    @property
    def title(self) -> str:
        return "a stand-in"


class _Engine(Engine):
    def __init__(self, speaker: Speaker) -> None:
        self.speaker, self.usage = speaker, Usage()

    def generate(self, chats, sampling, adapter=None):
        return [[self.speaker.say(chat)] for chat in chats]

    def score(self, chats, options, adapter=None):
        second = [self.speaker.second(chat) for chat in chats]
        return [OptionScores((math.log(1 - p), math.log(p)), 1.0) for p in second]

    def close(self) -> None: ...


def plain(chat: Chat) -> str:
    """Lively talk that never ends by itself."""
    if INTENT in chat[-1].content:
        return "Intent: to be heard, as custom has it. And more."
    return lively(chat).partition(".")[0] + "."
