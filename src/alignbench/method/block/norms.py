"""Mined norms of the item's topic (CNCA in context)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alignbench.embedder.nearest import Nearest
from alignbench.method import RunContext
from alignbench.method.block import Block, Knobs
from alignbench.method.mining import high_norms
from alignbench.method.prompting import norms_text
from alignbench.norms.mining import HighNorms
from alignbench.types import Item


@dataclass(frozen=True)
class TopicNorms(Block):
    """The norms of the item's topic; of a topic without norms, those of all topics that are nearest to the question."""

    norms: HighNorms
    every: Nearest
    count: int
    key: str
    said: str

    def texts(self, item: Item) -> tuple[str, ...]:
        """The list of norms."""
        return (norms_text(self.norms.norms.get(item.topic) or self._nearest(item)),)

    def _nearest(self, item: Item) -> list[str]:
        return [self.every.texts[i] for i in sorted(self.every.ranked(item.question)[: self.count])]

    @property
    def identity(self) -> Any:
        """The stage of the norms, and what finds the nearest."""
        return ["norms", self.key, self.every.embedder.fingerprint, self.count]

    @property
    def note(self) -> str:
        """Who wrote them."""
        return self.said

    @property
    def stages(self) -> Mapping[str, str]:
        """The stage of the general norms."""
        return {"abstract": self.key}


def make(context: RunContext, knobs: Knobs) -> Block:
    """Mine the norms, or take them from the store."""
    stage, norms = high_norms(context, knobs.mining, knobs.norms_per_topic, knobs.named)
    every = tuple(dict.fromkeys(text for texts in norms.norms.values() for text in texts))
    count = knobs.norms_per_topic
    return TopicNorms(norms, Nearest(every, context.embedder), count, stage.key, context.author.note)
