"""The block of mined norms, apart from other blocks, so that no edit of these touches what learns from norms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.component import recorded
from alignbench.embedder import Embedder
from alignbench.steps.block import Block, Nearest
from alignbench.steps.mining import Abstract, load
from alignbench.steps.texts import rendered
from alignbench.types import Item


@dataclass(frozen=True)
class TopicNorms(Block):
    """The norms of the item's topic; for a topic without any, the ``count`` nearest to the question."""

    source: Abstract
    embedder: Embedder
    count: int
    note: str | None = recorded(None)

    def ready(self, folder: Callable[[Any], Path]) -> Block:
        """The block with the norms read."""
        norms = {topic: tuple(texts) for topic, texts in load(folder(self.source)).items()}
        every = tuple(dict.fromkeys(text for texts in norms.values() for text in texts))
        return _TopicTexts(norms, Nearest(every, self.embedder), self.count)

    def texts(self, item: Item) -> tuple[str, ...]:
        """Known once the block is ready."""
        raise AssertionError("call ready() first: the norms lie in the folder of a stage")


@dataclass(frozen=True)
class _TopicTexts(Block):
    norms: Mapping[str, tuple[str, ...]]
    every: Nearest
    count: int

    def texts(self, item: Item) -> tuple[str, ...]:
        nearest = [self.every.texts[i] for i in sorted(self.every.ranked(item.question)[: self.count])]
        return (rendered("norms", norms=self.norms.get(item.topic) or nearest),)
