"""Items of a toy survey, and an embedder that knows only words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from alignbench.embedder import Embedder, Vectors
from alignbench.types import Item, Scale


@dataclass(frozen=True)
class Words(Embedder):
    """Bag of words, hashed."""

    dimension: int = 256

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[crc32(word.encode()) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    @property
    def fingerprint(self) -> str:
        return f"words-{self.dimension}"


def make_item(item_id: str, topic: str, thing: str, levels: int = 4, scale: Scale = Scale.ordinal) -> Item:
    codes = tuple(range(1, 11)) if scale is Scale.ten_point else tuple(range(1, levels + 1))
    predicates = tuple(f"give {thing} the mark number{level}" for level in range(levels))
    return Item(
        id=item_id, topic=topic, battery=topic, scale=scale, codes=codes, concept=f"{topic} of {thing}",
        direction=None, question=f"How about {topic} of {thing}?", options=predicates, predicates=predicates,
    )  # fmt: skip
