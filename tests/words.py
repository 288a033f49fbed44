"""An embedder for tests: knows which words two sentences share, loads nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from alignbench.embedder import Embedder, Vectors


@dataclass(frozen=True)
class Words(Embedder):
    """Bag of words, hashed."""

    dimension: int = 1024

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), self.dimension), 1e-6, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[crc32(word.encode()) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    @property
    def fingerprint(self) -> str:
        return f"words-{self.dimension}"
