"""Stock phrases and drawn verdicts, no model at all: for dry runs, where the model itself is too small to write."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alignbench.backend import Engine, Usage
from alignbench.generator import Generator
from alignbench.store.stage import Tools
from alignbench.types import Chat, OptionScores, Sampling

_PHRASES = (
    "I have thought about it the whole night, and I still hold to what I said.",
    "You know how much your word counts for me.",
    "Let us ask the elders before anything is decided.",
    "People will talk, whichever way we turn.",
    "I gave a promise, and a promise must be kept.",
    "The young see this otherwise, and perhaps they are right.",
    "Tell me first how your family is.",
    "Money is not the question here; respect is.",
    "I would rather wait a year than lose your trust.",
    "Could we meet in the middle, you and I?",
    "It was always done in this manner where I grew up.",
    "Forgive me if I speak too openly.",
    "Thank you for hearing me out so patiently.",
    "What would you do if you stood in my place?",
    "I shall carry the matter to them myself.",
    "Nobody asked me when the day was fixed.",
    "Sit with me a little; the tea is still warm.",
    "There is a rule for this, and it holds for everyone.",
    "My heart says one thing and my duty another.",
    "Very well, I can live with that.",
)


@dataclass(frozen=True)
class Stock(Generator):
    """No knobs. What it writes and judges means nothing."""

    def open(self, tools: Tools) -> Engine:
        """An engine that loads nothing."""
        return StockEngine()

    @property
    def title(self) -> str:
        """Says that there was no model."""
        return "stock phrases (no model)"


class StockEngine(Engine):
    """Texts and scores are functions of chat and seed alone; never more words than the sampling has tokens."""

    def __init__(self) -> None:
        self.usage = Usage()

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """Two phrases each."""
        return [[self._said(chat, sampling, copy) for copy in range(sampling.n)] for chat in chats]

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """Uniform random shares."""
        return [self._drawn(chat, asked) for chat, asked in zip(chats, options, strict=True)]

    def close(self) -> None:
        """Nothing to free."""

    def _said(self, chat: Chat, sampling: Sampling, copy: int) -> str:
        rng = random.Random(f"{chat}/{sampling.seed}/{copy if sampling.temperature else 0}")
        words = " ".join(rng.sample(_PHRASES, 2)).split()[: sampling.max_new_tokens]
        self.usage.generated_tokens += len(words)
        return " ".join(words)

    def _drawn(self, chat: Chat, options: Sequence[str]) -> OptionScores:
        rng = random.Random(f"{chat}/{options}")
        shares = [1 - rng.random() for _ in options]
        return OptionScores(tuple(math.log(share / sum(shares)) for share in shares), 1.0)
