"""A pool of two topics with norms in plain words, an embedder that knows words, and an engine that is a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from alignbench.backend import Engine, Usage
from alignbench.component import Component, recorded
from alignbench.embedder import Vectors
from alignbench.generator import Generator
from alignbench.norms.pool import NormPool
from alignbench.store.stage import Tools
from alignbench.types import Chat, ModelRef, Norm, OptionScores, Sampling
from tests import words

SUBJECT = "People in Ceeland"
FAITH = ("prayer", "church", "fasting", "scripture")
WORK = ("overtime", "strikes", "bosses", "wages")


class Words(words.Words):
    """Also notes the texts that it was given."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        SEEN.extend(texts)
        return super().encode(texts)


SEEN: list[str] = []
BASE = ModelRef("base", Path("x"), "f")
C = TypeVar("C", bound=Component)


def given(component: C) -> C:
    """The component as a run hands it out: it knows the base model and the embedder."""
    return component.supply(model=BASE, embedder=Words())


class Table(Engine):
    """Scores and speaks by two functions of (last message, option)."""

    def __init__(
        self, score: Callable[[str, str], float] = lambda *_: 0.0, say: Callable[[str], str] = lambda _: ""
    ) -> None:
        self.model, self.usage = BASE, Usage()
        self.asked: list[str] = []
        self._score, self._say = score, say

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        self.asked += [c[-1].content for c in chats]
        return [[self._say(c[-1].content)] for c in chats]

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        self.asked += [c[-1].content for c in chats]
        return [
            OptionScores(tuple(self._score(c[-1].content, o) for o in asked), 1.0)
            for c, asked in zip(chats, options, strict=True)
        ]

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Fixed(Generator):
    """Whatever engine it is given."""

    called: str
    engine: Engine = recorded(None)

    def open(self, tools: Tools) -> Engine:
        return self.engine

    @property
    def title(self) -> str:
        return self.called


def make_norm(thing: str, cluster: int = 0, item: str | None = None) -> Norm:
    """People love ``thing``; the opposite is that they despise it."""
    return Norm(
        item or thing, "CCC", 0, f"{SUBJECT} love {thing} deeply.", f"{SUBJECT} despise {thing} utterly.", 0.6,
        cluster, SUBJECT,
    )  # fmt: skip


def make_pool() -> NormPool:
    """Two clusters of four norms."""
    norms = tuple(make_norm(t, 0) for t in FAITH) + tuple(make_norm(t, 1) for t in WORK)
    vectors = np.eye(8, dtype=np.float32)
    centres = np.stack([vectors[:4].mean(0), vectors[4:].mean(0)]) * 2
    return NormPool(
        "CCC", "Ceeland", norms, tuple(n.item for n in norms), vectors, ("faith: prayer", "work: wages"), centres
    )
