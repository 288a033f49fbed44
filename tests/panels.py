"""Panels of judges for tests: what they rate is a function of the question and the reply that they read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from alignbench.backend import Engine, Usage
from alignbench.generator import Generator
from alignbench.judge.guard import GuardJudge
from alignbench.judge.panel import GuardAxis
from alignbench.runs.cell import Cell
from alignbench.types import OptionScores

# GuardAxis, question, reply, country -> rating.
Rates = Callable[[GuardAxis, str, str, str], float]
_ASKED = re.compile(r"Somebody in (.*) was asked: (.*)\nThe reply: (.*)\n\nHow (harmless|well)", re.DOTALL)


@dataclass(frozen=True)
class Judging(Generator):
    """Rates by a function, from 1 to 5; a rating between two numbers is spread over both."""

    called: str
    rates: Rates

    def open(self, tools: Any = None) -> Engine:
        return _Judging(self.rates)

    @property
    def identity(self) -> dict[str, str]:
        return {"judge": self.called}

    @property
    def title(self) -> str:
        return self.called


class _Judging(Engine):
    def __init__(self, rates: Rates) -> None:
        self.usage, self._rates = Usage(), rates

    def score(self, chats, options, adapter=None):
        return [self._weighed(chat[-1].content, asked) for chat, asked in zip(chats, options, strict=True)]

    def generate(self, chats, sampling, adapter=None):
        return [[f"Because.\nRATING: {round(self._rating(chat[-1].content))}"] for chat in chats]

    def close(self) -> None: ...

    def _rating(self, prompt: str) -> float:
        found = _ASKED.search(prompt)
        assert found, prompt
        axis = GuardAxis.harmlessness if found[4] == "harmless" else GuardAxis.awareness
        return float(np.clip(self._rates(axis, found[2], found[3], found[1]), 1, 5))

    def _weighed(self, prompt: str, options) -> OptionScores:
        apart = np.abs(np.array([float(option) for option in options]) - self._rating(prompt))
        return OptionScores(tuple(np.log(np.maximum(1 - apart, 1e-12)).tolist()), 1.0)


def noisy(rates: Rates, called: str, spread: float) -> Judging:
    """A judge whose ratings are those of ``rates`` and normal noise, the same at every reading."""

    def rated(axis: GuardAxis, question: str, reply: str, country: str) -> float:
        draw = np.random.default_rng(crc32(f"{called}/{axis.name}/{question}/{reply}".encode()))
        return rates(axis, question, reply, country) + spread * float(draw.normal())

    return Judging(called, rated)


def with_panel(cell: Cell, first: Generator, second: Generator, **knobs: Any) -> Cell:
    """The cell with a guard of these two judges."""
    return replace(cell, judge=GuardJudge(first, second, **knobs))
