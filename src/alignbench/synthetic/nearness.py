"""Gates on how near texts are to each other, by an embedder."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alignbench.embedder import Embedder
from alignbench.norms.cluster import central


def cosines(embedder: Embedder, texts: Sequence[str], sources: Sequence[str]) -> NDArray[np.float32]:
    """Cosine of each text with its own source, shape (len(texts),), within [-1, 1]."""
    if not texts:
        return np.zeros(0, dtype=np.float32)
    similarities: NDArray[np.float32] = (embedder.encode(texts) * embedder.encode(sources)).sum(axis=1)
    return similarities


def one_per_cluster(embedder: Embedder, texts: Sequence[str], count: int, seed: int) -> list[int]:
    """Positions of the texts nearest to the centres of ``count`` k-means clusters, ascending; all where so few.

    CulturePark's de-duplication (Li et al. 2024): similar opinions fall into one cluster, and one of them stays.
    """
    return central(embedder.encode(texts), count, seed) if len(texts) > count else list(range(len(texts)))
