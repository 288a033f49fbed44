"""A stand-in engine that scores and speaks by rule, and lookups in a table of scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from alignbench.types import Chat, Culture, Sampling
from tests.evaluation.worlds import TableEngine

KOREA = Culture("korea", "South Korea", "KOR", "South Korean", "ko", "germany")
IRAN = Culture("iran", "Iran", "IRN", "Iranian", "fa", "iraq")


class Speaker(TableEngine):
    """Gives options the log-probabilities of ``answer`` and says ``say(chat)``."""

    def __init__(
        self, answer: Callable[[Chat, Sequence[str]], Sequence[float]], say: Callable[[Chat], str] | None = None
    ) -> None:
        super().__init__(answer)
        self.say = say
        self.heard: list[Chat] = []
        self.sampled: list[Sampling] = []

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        assert self.say is not None, "no text was wanted"
        self.heard += chats
        self.sampled.append(sampling)
        return [[self.say(chat)] for chat in chats]


def logs(shares: Sequence[float]) -> list[float]:
    return [math.log(share) if share else -1000.0 for share in shares]


def listed(chat: Chat, options: Sequence[str], shares: dict[str, float]) -> list[float]:
    """Log-probabilities of the labels ``options`` of a survey-form question, by the texts listed behind them."""
    texts = dict(line.split(". ", 1) for line in chat[-1].content.splitlines() if ". " in line[:3])
    return logs([shares[texts[label]] for label in options])


def value(table: pd.DataFrame, metric: str, item: str = "", **facets: str) -> float:
    """The one score of that metric, item and facets."""
    rows = table[(table["metric"] == metric) & (table["item"] == item)]
    for name, facet in facets.items():
        rows = rows[rows[name] == facet]
    assert len(rows) == 1, (metric, item, facets, len(rows))
    return float(rows["value"].iloc[0])
