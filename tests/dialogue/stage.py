"""Scenes to play, and an engine whose text is a function of the chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from alignbench.backend import Engine, Usage
from alignbench.dialogue import Dialogue
from alignbench.dialogue.scenario import adapted, load_scenarios
from alignbench.steps.scenes import profile
from alignbench.types import Chat, OptionScores, Sampling

WORDS = "bread river window letter garden winter teacher bridge harvest lantern market cousin silver meadow".split()


class Stage(Engine):
    """Says ``say(chat)``; ``seeded`` adds the call's seed to the text; breaks at call number ``breaks_at``."""

    def __init__(self, say: Callable[[Chat], str], seeded: bool = False, breaks_at: int = -1) -> None:
        self.usage = Usage()
        self.calls: list[list[Chat]] = []
        self.samplings: list[Sampling] = []
        self._say, self._seeded, self._breaks_at = say, seeded, breaks_at

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        if len(self.calls) == self._breaks_at:
            raise KeyboardInterrupt
        self.calls.append(list(chats))
        self.samplings.append(sampling)
        return [[self._say(c) + (f" at {sampling.seed}" if self._seeded else "")] for c in chats]

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        raise AssertionError("role-play scores nothing")

    def close(self) -> None:
        pass


def lively(chat: Chat) -> str:
    """Words that depend on the whole chat; some dialogues end early, each in its own way."""
    number = sum(ord(letter) * place for place, letter in enumerate("".join(m.content for m in chat), 1))
    words = " ".join(WORDS[number // 7**k % len(WORDS)] for k in range(6))
    endings = {0: " [end]", 1: " As an AI I have no family.", 2: " I cannot assist with that."}
    return f"We speak of {words} {number}.{endings.get(number % 17, '')}"


def openings(count: int = 12) -> list[Dialogue]:
    """Scenes of the bundled file among people of Japan."""
    return [Dialogue(adapted(s, "japan", 0), profile("JPN"), "Japan") for s in load_scenarios()[:count]]
