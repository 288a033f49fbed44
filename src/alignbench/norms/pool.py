"""Norm pool construction: a culture's majority answers as sentences, in thematic clusters.

Source: CultureRL, step A (Zhao et al., AAAI 2026). The modal answer of each item becomes a norm;
items are embedded by their *concept* (the thing judged, without the question's framing) and
clustered. What the paper had written by language models is fixed in the item table here: the
concept, and one predicate per answer level. A cluster's name is our choice: its most frequent topic
and the concept nearest to its centre.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.data.survey import Survey
from alignbench.embedder import Embedder, Vectors
from alignbench.store.manifest import write_json
from alignbench.types import Answers, Item, Norm, Scale, check

Labels = NDArray[np.int64]
_NOISE = -1
# Numbers of k-means clusters among which the silhouette chooses: half to twice the authors' eight. Ours.
NUMBERS = range(4, 17)


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
    clusters: int | None = 8,
    min_cluster_size: int = 4,
    seed: int = 42,
) -> Clusters:
    """Group ``vectors`` (n, dimension), one row per item id, whatever the order of the rows.

    Rows are sorted by item id before anything is fitted, everything is seeded and runs on one thread (parallel sums
    differ from run to run), and clusters are numbered by their first item. k-means with k = 8 and seed 42 is
    CultureRL's choice (authors' code); UMAP with HDBSCAN is ours.

    A centre is the mean of its rows scaled to length one. HDBSCAN's noise rows go to the nearest
    centre, so that every item has a cluster.

    Args:
        clusters: k of k-means; None for the number that :func:`best_number` finds.
        min_cluster_size: HDBSCAN's smallest cluster, in items.

    Raises:
        AlignbenchError: fewer rows than clusters, or HDBSCAN finds nothing but noise.
    """
    order = sorted(range(len(ids)), key=lambda row: natural(ids[row]))
    rows = vectors[order]
    if clustering is Clustering.kmeans:
        found = _kmeans(rows, best_number(rows, seed)[0] if clusters is None else clusters, seed)
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


def best_number(rows: Vectors, seed: int) -> tuple[int, float]:
    """k of k-means, among :data:`NUMBERS`, with the greatest mean silhouette (the smaller of equals), and that mean.

    Source: Rousseeuw 1987 (doi 10.1016/0377-0427(87)90125-7), with Euclidean distances. The number follows from the
    vectors alone, so that it carries over from one embedder to another as a rule, where a constant does not.

    Raises:
        AlignbenchError: fewer rows than two more than the smallest number.
    """
    return _best_number(rows.tobytes(), rows.shape, str(rows.dtype), seed)


@lru_cache(maxsize=16)
def _best_number(content: bytes, shape: tuple[int, int], dtype: str, seed: int) -> tuple[int, float]:
    """Sought once a process for the same items: the pools of all countries have them in common."""
    from sklearn.metrics import silhouette_score

    rows = np.frombuffer(content, dtype).reshape(shape)
    numbers = [k for k in NUMBERS if k < len(rows) - 1]
    remedy = f"only {len(rows)} items are left to cluster: say how many clusters they make, or take more"
    check(bool(numbers), "method.clusters", "auto", remedy)
    found = {k: round(float(silhouette_score(rows, _kmeans(rows, k, seed))), 6) for k in numbers}
    best = max(numbers, key=lambda k: (found[k], -k))
    return best, found[best]


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


@dataclass(frozen=True, eq=False)
class NormPool:
    """The norms of one culture; the clusters are those of the items, so all cultures share them.

    Attributes:
        norms: one per item that the country answered, in the natural order of item ids.
        concepts: the concept of each norm's item.
        vectors: the concepts' unit vectors, shape (len(norms), dimension).
        names: of the clusters.
        centres: unit vectors, shape (len(names), dimension).
        made_with: embedder fingerprint, survey fingerprint and the clustering's knobs.
    """

    iso3: str
    country: str
    norms: tuple[Norm, ...]
    concepts: tuple[str, ...]
    vectors: Vectors
    names: tuple[str, ...]
    centres: Vectors
    made_with: Mapping[str, Any] = field(default_factory=dict)

    def norms_of(self, cluster: int) -> tuple[Norm, ...]:
        """The culture's norms in a cluster; empty if the country was asked none of its items."""
        return tuple(norm for norm in self.norms if norm.cluster == cluster)

    def nearest(self, vectors: Vectors) -> tuple[list[int], list[float]]:
        """Nearest cluster of each unit vector (n, dimension), and the Euclidean distance to its centre."""
        apart = distances(vectors, self.centres)
        return apart.argmin(axis=1).tolist(), apart.min(axis=1).tolist()

    def table(self) -> pd.DataFrame:
        """One row per norm: cluster, name, item, statement, opposite, support; sorted by cluster."""
        rows = [(n.cluster, self.names[n.cluster], n.item, n.statement, n.opposite, n.support) for n in self.norms]
        frame = pd.DataFrame(rows, columns=["cluster", "name", "item", "statement", "opposite", "support"])
        return frame.sort_values("cluster", kind="stable", ignore_index=True)

    def save(self, folder: Path) -> None:
        """Write ``pool.json`` (everything in words), ``centres.npy`` and ``vectors.npy``."""
        np.save(folder / "centres.npy", self.centres)
        np.save(folder / "vectors.npy", self.vectors)
        content = {
            "iso3": self.iso3,
            "country": self.country,
            "made_with": dict(self.made_with),
            "clusters": self.names,
            "norms": [asdict(n) | {"concept": c} for n, c in zip(self.norms, self.concepts, strict=True)],
        }
        write_json(folder / "pool.json", content)

    @classmethod
    def load(cls, folder: Path) -> NormPool:
        """The pool that :meth:`save` wrote."""
        content = json.loads((folder / "pool.json").read_text(encoding="utf-8"))
        concepts = tuple(row.pop("concept") for row in content["norms"])
        return cls(
            iso3=content["iso3"],
            country=content["country"],
            norms=tuple(Norm(**row) for row in content["norms"]),
            concepts=concepts,
            vectors=np.load(folder / "vectors.npy"),
            names=tuple(content["clusters"]),
            centres=np.load(folder / "centres.npy"),
            made_with=content["made_with"],
        )


def build_pool(
    survey: Survey,
    iso3: str,
    country: str,
    embedder: Embedder,
    *,
    items: Collection[str] | None = None,
    clustering: Clustering = Clustering.kmeans,
    clusters: int | None = 8,
    min_cluster_size: int = 4,
    seed: int = 42,
) -> NormPool:
    """The norm pool of a country.

    Args:
        survey: training items only; all of them are clustered, asked in this country or not.
        country: name for the norms' subject ("People in <country> ...").
        items: ids to which the pool is restricted; those unknown to ``survey`` are ignored.

    Raises:
        AlignbenchError: the survey lacks the country, no item is left, or fewer items than clusters.
    """
    answers = survey.of(iso3)
    chosen = sorted((i for i in survey.items if items is None or i.id in items), key=lambda i: natural(i.id))
    remedy = f"survey {survey.name} asked none of them in {iso3}"
    check(any(i.id in answers for i in chosen), "norms.items", items, remedy)
    vectors = embedder.encode([i.concept for i in chosen])
    clustered = cluster([i.id for i in chosen], vectors, clustering, clusters, min_cluster_size, seed)
    asked = [row for row, item in enumerate(chosen) if item.id in answers]
    norms = []
    for row in asked:
        item, given, label = chosen[row], answers[chosen[row].id], int(clustered.labels[row])
        norms.append(norm_at(item, given, iso3, *modal_level(item, given), f"People in {country}", label))
    return NormPool(
        iso3=iso3,
        country=country,
        norms=tuple(norms),
        concepts=tuple(chosen[row].concept for row in asked),
        vectors=vectors[asked],
        names=_names(chosen, vectors, clustered),
        centres=clustered.centres,
        made_with={
            "survey": survey.fingerprint,
            "embedder": embedder.fingerprint,
            "clustering": clustering.name,
            "clusters": len(clustered.centres),
            "seed": seed,
        },
    )


def modal_level(item: Item, answers: Answers) -> tuple[int, float]:
    """The level that most people chose and its share; of equals, the lower level."""
    shares = level_shares(item, answers)
    level = max(range(len(shares)), key=lambda k: (shares[k], -k))
    return level, shares[level]


def opposite_level(item: Item, answers: Answers, level: int) -> int | None:
    """The level whose statement contradicts ``level``'s; None only where an item has a single level.

    The mirrored level where there is one. Our choice for the rest, so that nearly every norm has an
    opposite: against a middle level stands the end that fewer people chose, against a nominal
    level the other level that fewest chose (of equals, the lower).
    """
    mirrored = item.opposite(level)
    if mirrored is not None:
        return mirrored
    shares = level_shares(item, answers)
    last = len(shares) - 1
    rivals = range(len(shares)) if item.scale is Scale.nominal else (0, last)
    return min((k for k in rivals if k != level), key=lambda k: (shares[k], k), default=None)


def level_shares(item: Item, answers: Answers) -> list[float]:
    """Share per level; rounded so that equal shares tie whatever the order of the sum."""
    shares = [0.0] * len(item.predicates)
    for position, share in enumerate(answers.shares):
        shares[item.level(position)] += share
    return [round(share, 9) for share in shares]


def norm_at(
    item: Item, answers: Answers, iso3: str, level: int, support: float, subject: str, cluster: int = 0
) -> Norm:
    """A level of an item as a norm, with its opposite where there is one."""
    opposite = opposite_level(item, answers, level)
    contrary = None if opposite is None else item.statement(opposite, subject)
    return Norm(item.id, iso3, level, item.statement(level, subject), contrary, support, cluster, subject)


def _names(items: Sequence[Item], vectors: Vectors, clustered: Clusters) -> tuple[str, ...]:
    """``topic: concept`` of each cluster; ``items`` are in natural order, which settles ties."""
    apart = distances(vectors, clustered.centres)
    names = []
    for label in range(len(clustered.centres)):
        members = np.flatnonzero(clustered.labels == label)
        topic = Counter(items[row].topic for row in members).most_common(1)[0][0].replace("_", " ")
        names.append(f"{topic}: {items[members[apart[members, label].argmin()]].concept}")
    return tuple(names)
