import sys
from types import SimpleNamespace

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.norms.pool import Clustering, best_number, central, cluster, natural


class Flat:
    """Stands for UMAP, whose compilation takes half a minute: the first five coordinates."""

    def __init__(self, **knobs):
        assert knobs["random_state"] == 42
        assert knobs["n_jobs"] == 1

    def fit_transform(self, rows):
        return rows[:, :5]


@pytest.fixture
def no_umap(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Flat))


def blobs(stray=0):
    """Three tight groups of ten unit rows (dimension 6), and strays between the first two."""
    draw = np.random.default_rng(0)
    rows = np.concatenate([np.eye(6)[k] + draw.normal(0, 0.03, (10, 6)) for k in range(3)])
    strays = np.eye(6)[0] * 0.8 + np.eye(6)[1] * 0.4 + draw.normal(0, 0.01, (stray, 6))
    rows = np.concatenate([rows, strays])
    ids = [f"Q{n}" for n in range(1, len(rows) + 1)]
    return ids, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("groups", [5, 9])
def test_the_number_of_clusters_with_the_greatest_silhouette_is_that_of_the_groups(groups):
    from sklearn.metrics import silhouette_score

    draw = np.random.default_rng(1)
    rows = np.repeat(np.eye(16)[:groups], 6, axis=0) + draw.normal(0, 0.05, (6 * groups, 16))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    ids = [f"Q{n}" for n in range(len(rows))]
    number, mean = best_number(rows, 42)
    found = cluster(ids, rows, clusters=None)
    assert number == len(found.centres) == groups and len(set(map(tuple, found.labels.reshape(groups, 6)))) == groups
    assert mean == pytest.approx(silhouette_score(rows, found.labels), abs=1e-5)
    with pytest.raises(AlignbenchError, match=r"method\.clusters = 'auto'.*only 5 items"):
        best_number(rows[:5], 42)


@pytest.mark.parametrize("clustering", list(Clustering))
@pytest.mark.parametrize("clusters", [3, 5])
def test_the_order_of_rows_changes_nothing(clustering, clusters, no_umap):
    ids, rows = blobs()
    first = cluster(ids, rows, clustering, clusters)
    shuffled = np.random.default_rng(1).permutation(len(ids))
    again = cluster([ids[i] for i in shuffled], rows[shuffled], clustering, clusters)
    assert np.array_equal(again.labels, first.labels[shuffled])
    assert np.array_equal(again.centres, first.centres)


def test_clusters_are_numbered_by_their_first_item_in_natural_order():
    ids, rows = blobs()
    found = cluster(ids[::-1], rows, clusters=3)  # now Q1 is in the last group, Q30 in the first
    assert found.labels.tolist() == [2] * 10 + [1] * 10 + [0] * 10


def test_items_sort_as_people_count():
    assert sorted(["Q10", "Q9", "Q234A", "Q234", "Q33_3"], key=natural) == ["Q9", "Q10", "Q33_3", "Q234", "Q234A"]


def test_centres_are_unit_means():
    ids, rows = blobs()
    found = cluster(ids, rows, clusters=3)
    mean = rows[:10].mean(axis=0)
    assert found.centres[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_hdbscan_noise_goes_to_the_nearest_centre(no_umap):
    ids, rows = blobs(stray=2)
    found = cluster(ids, rows, Clustering.umap_hdbscan, min_cluster_size=5)
    assert found.labels.tolist() == [0] * 10 + [1] * 10 + [2] * 10 + [0, 0]


def test_too_few_items_are_refused(no_umap):
    ids, rows = blobs()
    with pytest.raises(AlignbenchError, match="min_cluster_size"):
        cluster(ids, rows, Clustering.umap_hdbscan, min_cluster_size=15)
    with pytest.raises(AlignbenchError, match="clusters"):
        cluster(ids, rows, clusters=31)


def test_the_central_row_of_each_cluster_is_found():
    angles = np.radians([0, 2, 4, 90, 92, 94, 200])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert central(rows, 3, seed=0) == [1, 4, 6]
