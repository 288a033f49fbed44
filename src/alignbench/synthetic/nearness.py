"""Gates on how near texts are to each other, by an embedder."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alignbench.embedder import Embedder
from alignbench.norms.cluster import Clustering, cluster, distances
from alignbench.types import check


def cosines(embedder: Embedder, texts: Sequence[str], sources: Sequence[str]) -> NDArray[np.float32]:
    """Cosine of each text with its own source, shape (len(texts),), within [-1, 1]."""
    check(len(texts) == len(sources), "sources", len(sources), f"give one for each of the {len(texts)} texts")
    if not texts:
        return np.zeros(0, dtype=np.float32)
    similarities: NDArray[np.float32] = (embedder.encode(texts) * embedder.encode(sources)).sum(axis=1)
    return similarities


def one_per_cluster(embedder: Embedder, texts: Sequence[str], count: int, seed: int) -> list[int]:
    """Positions of the texts nearest to the centres of ``count`` k-means clusters, ascending; all where so few.

    CulturePark's de-duplication (Li et al. 2024): similar opinions fall into one cluster, and one of them stays.
    """
    check(count > 0, "clusters", count, "give a positive number")
    if len(texts) <= count:
        return list(range(len(texts)))
    vectors = embedder.encode(texts)
    found = cluster([str(i) for i in range(len(texts))], vectors, Clustering.kmeans, count, seed=seed)
    apart = distances(vectors, found.centres)
    members = (np.flatnonzero(found.labels == k) for k in range(len(found.centres)))
    return sorted(int(own[apart[own, k].argmin()]) for k, own in enumerate(members) if len(own))
