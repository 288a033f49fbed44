"""Similarity gates and verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from alignbench.backend import Engine, Usage
from alignbench.embedder import Embedder, Vectors
from alignbench.synthetic.nearness import cosines, one_per_cluster
from alignbench.synthetic.verdict import verdicts
from alignbench.types import Chat, OptionScores, Sampling, chat


class _Plane(Embedder):
    """Texts are angles in degrees."""

    fingerprint = "plane"

    def encode(self, texts: Sequence[str]) -> Vectors:
        angles = np.radians([float(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


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


def test_each_text_is_compared_with_its_own_source() -> None:
    assert cosines(_Plane(), ["0", "90"], ["60", "90"]) == pytest.approx([0.5, 1.0], abs=1e-6)
    assert cosines(_Plane(), [], []).shape == (0,)


def test_one_text_of_each_group_of_alike_stays() -> None:
    texts = ["0", "2", "4", "90", "92", "94", "200"]

    assert one_per_cluster(_Plane(), texts, 3, seed=0) == [1, 4, 6]
    assert one_per_cluster(_Plane(), texts[:2], 3, seed=0) == [0, 1]


def test_a_verdict_is_the_likeliest_label_with_its_share() -> None:
    engine = _Sure()

    found = verdicts(engine, [chat("a"), chat("b"), chat("a")], ["bad", "fair", "good"])

    assert [v.label for v in found] == ["good"] * 3
    assert found[0].probability == pytest.approx(3 / 6)
    assert len(engine.asked) == 2
