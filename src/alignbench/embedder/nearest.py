"""Texts by their nearness to a question."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alignbench.embedder import Embedder, Vectors


@dataclass(frozen=True)
class Nearest:
    """Texts to be found by cosine; embedded at the first question, so that who asks nothing loads no embedder."""

    texts: tuple[str, ...]
    embedder: Embedder

    def ranked(self, question: str) -> list[int]:
        """Positions of all texts, the nearest first; of equally near ones the earlier."""
        likeness = self._vectors @ self.embedder.encode([question])[0]
        return [int(i) for i in np.argsort(-likeness, kind="stable")]

    @cached_property
    def _vectors(self) -> Vectors:
        return self.embedder.encode(self.texts)
