"""Clusters of concept vectors that do not depend on the order of the rows.

Rows are sorted by item id before anything is fitted, everything is seeded and runs on one thread
(parallel sums differ from run to run), and clusters are numbered by their first item. k-means with
k = 8 and seed 42 is CultureRL's choice (authors' code); UMAP with HDBSCAN is ours.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from alignbench.embedder import Vectors
from alignbench.types import check

Labels = NDArray[np.int64]
_NOISE = -1


class Clustering(Enum):
    """How concept vectors are grouped."""

    kmeans = "kmeans"
    umap_hdbscan = "umap_hdbscan"


@dataclass(frozen=True, eq=False)
class Clusters:
    """Cluster of each row, shape (n,), and the clusters' centres, shape (k, dimension), rows of length one."""

    labels: Labels
    centres: Vectors


def natural(item_id: str) -> list[str | int]:
    """Sort key that puts Q9 before Q10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", item_id)]


def cluster(
    ids: Sequence[str],
    vectors: Vectors,
    clustering: Clustering = Clustering.kmeans,
    clusters: int = 8,
    min_cluster_size: int = 4,
    seed: int = 42,
) -> Clusters:
    """Group ``vectors`` (n, dimension), one row per item id.

    A centre is the mean of its rows scaled to length one. HDBSCAN's noise rows go to the nearest
    centre, so that every item has a cluster.

    Args:
        clusters: k of k-means.
        min_cluster_size: HDBSCAN's smallest cluster, in items.

    Raises:
        AlignbenchError: fewer rows than clusters, or HDBSCAN finds nothing but noise.
    """
    order = sorted(range(len(ids)), key=lambda row: natural(ids[row]))
    rows = vectors[order]
    if clustering is Clustering.kmeans:
        found = _kmeans(rows, clusters, seed)
    else:
        found = _umap_hdbscan(rows, min_cluster_size, seed)
    found = _by_first_item(found)
    centres = _centres(rows, found)
    found = np.where(found == _NOISE, distances(rows, centres).argmin(axis=1), found)
    labels = np.empty(len(ids), dtype=np.int64)
    labels[order] = _by_first_item(found)
    return Clusters(labels, _centres(vectors[order], labels[order]))


def distances(vectors: Vectors, centres: Vectors) -> Vectors:
    """Euclidean distances, shape (n, k); between unit rows they lie in 0 to 2."""
    apart: Vectors = np.linalg.norm(vectors[:, None, :] - centres[None, :, :], axis=2)
    return apart


def central(vectors: Vectors, count: int, seed: int) -> list[int]:
    """Positions of the rows nearest to the centres of ``count`` k-means clusters, ascending."""
    found = cluster([str(i) for i in range(len(vectors))], vectors, Clustering.kmeans, count, seed=seed)
    apart = distances(vectors, found.centres)
    members = (np.flatnonzero(found.labels == k) for k in range(len(found.centres)))
    return sorted(int(own[apart[own, k].argmin()]) for k, own in enumerate(members))


def _kmeans(rows: Vectors, clusters: int, seed: int) -> Labels:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    remedy = f"only {len(rows)} items are left to cluster: ask for at most so many clusters"
    check(clusters <= len(rows), "method.clusters", clusters, remedy)
    with threadpool_limits(1):
        return np.asarray(KMeans(clusters, random_state=seed, n_init=10).fit_predict(rows), dtype=np.int64)


def _umap_hdbscan(rows: Vectors, min_cluster_size: int, seed: int) -> Labels:
    """HDBSCAN in five UMAP dimensions (our choice: density needs few dimensions, a map needs two)."""
    import hdbscan
    import umap

    enough, remedy = len(rows) > max(2 * min_cluster_size, 8), f"only {len(rows)} items are left to cluster"
    check(enough, "method.min_cluster_size", min_cluster_size, f"{remedy}: take a smaller one, or kmeans")
    neighbours = min(10, len(rows) - 1)
    reducer = umap.UMAP(
        n_components=5, n_neighbors=neighbours, min_dist=0.0, metric="cosine", random_state=seed, n_jobs=1
    )
    reduced = reducer.fit_transform(rows)
    found = hdbscan.HDBSCAN(min_cluster_size=min_cluster_size, core_dist_n_jobs=1).fit_predict(reduced)
    remedy = "HDBSCAN sees nothing but noise: take a smaller one, or kmeans"
    check(bool((found != _NOISE).any()), "method.min_cluster_size", min_cluster_size, remedy)
    return np.asarray(found, dtype=np.int64)


def _by_first_item(labels: Labels) -> Labels:
    """Number clusters 0, 1, ... in the order in which they first appear; noise stays noise."""
    names = dict.fromkeys(int(label) for label in labels if label != _NOISE)
    number = {name: new for new, name in enumerate(names)} | {_NOISE: _NOISE}
    return np.array([number[int(label)] for label in labels], dtype=np.int64)


def _centres(rows: Vectors, labels: Labels) -> Vectors:
    means = np.stack([rows[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    centres: Vectors = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return centres
