"""Embedders: sentences in, unit vectors out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alignbench.component import Component

Vectors: TypeAlias = NDArray[np.float32]


class Embedder(Component, ABC):
    """Maps sentences to vectors of length one."""

    _group = "embedder"

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Vectors:
        """Array of shape (len(texts), dimension), rows of Euclidean length 1, order kept."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Hash or version of the weights."""

    @property
    def licence(self) -> str:
        """Licence of the weights, for the provenance table."""
        return "unknown"

    @property
    def identity(self) -> dict[str, str]:
        """The weights by content, wherever they lie."""
        return {"embedder": self.fingerprint}
