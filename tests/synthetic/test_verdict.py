"""Verdicts of a critic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from alignbench.backend import Engine, Usage
from alignbench.synthetic.texts import verdicts
from alignbench.types import Chat, OptionScores, Sampling, chat


class _Sure(Engine):
    """Gives the labels logarithms of 1, 2, 3 ...; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Chat] = []
        self.usage = Usage()

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        raise AssertionError

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        self.asked += chats
        return [OptionScores(tuple(math.log(i + 1) - 9 for i in range(len(o))), 0.1) for o in options]

    def close(self) -> None: ...


def test_a_verdict_is_the_likeliest_label_with_its_share() -> None:
    engine = _Sure()

    found = verdicts(engine, [chat("a"), chat("b"), chat("a")], ["bad", "fair", "good"])

    assert [v.label for v in found] == ["good"] * 3
    assert found[0].probability == pytest.approx(3 / 6)
    assert len(engine.asked) == 2
