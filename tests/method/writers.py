"""Generators for tests: what they write is a function of what they are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alignbench.backend import Backend, Engine, Usage
from alignbench.generator import Generator
from alignbench.types import Chat, ModelRef, OptionScores


class Pen(Engine):
    """Says ``say(chat, draw)`` for each of the draws; scores give each option the logarithm of its length."""

    def __init__(self, say: Callable[[Chat, int], str]) -> None:
        self.usage, self.asked, self._say = Usage(), list[Chat](), say

    def generate(self, chats, sampling, adapter=None):
        self.asked += chats
        return [[self._say(chat, draw) for draw in range(sampling.n)] for chat in chats]

    def score(self, chats, options, adapter=None):
        self.asked += chats
        return [OptionScores(tuple(-float(len(option)) for option in asked), 1.0) for asked in options]

    def close(self) -> None: ...


@dataclass(frozen=True)
class Writer(Generator):
    """A pen as generator."""

    pen: Pen
    called: str = "stand-in"

    def open(self, tools):
        return self.pen

    @property
    def identity(self):
        return {"name": self.called}

    @property
    def title(self):
        return self.called


def writer(say: Callable[[Chat, int], str], called: str = "stand-in") -> Writer:
    """A generator that says ``say(chat, draw)``."""
    return Writer(Pen(say), called)


GARBAGE = {
    "empty": lambda chat, draw: "",
    "refusal": lambda chat, draw: "I'm sorry, but as an AI language model I cannot help with that.",
    "babble": lambda chat, draw: "7 )) ** the the the" + "\x00" * draw,
    "echo": lambda chat, draw: chat[-1].content,
}


@dataclass(frozen=True)
class Fixed(Backend):
    """Opens the one engine that it is given."""

    engine: Engine

    def open(self, model: ModelRef) -> Engine:
        return self.engine
