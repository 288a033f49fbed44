from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.factors import factor_scores, probabilistic_pca, varimax


def two_factors(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Standardised answers to six items, three per factor, and the factors."""
    rng = np.random.default_rng(seed)
    loadings = np.kron(np.eye(2), np.array([[0.9], [0.8], [0.7]]))
    factors = rng.normal(size=(n, 2))
    z = factors @ loadings.T + 0.5 * rng.normal(size=(n, 6))
    return (z - z.mean(axis=0)) / z.std(axis=0), factors


def criterion(loadings: np.ndarray) -> float:
    return float((loadings**2).var(axis=0).sum())


def test_without_gaps_it_is_the_closed_form_of_scikit_learn() -> None:
    z, _ = two_factors(0)
    loadings, noise = probabilistic_pca(z)
    closed = PCA(n_components=2, svd_solver="full").fit(z)
    # Its covariances divide by n - 1, maximum likelihood by n.
    bessel = (len(z) - 1) / len(z)
    assert noise == pytest.approx(closed.noise_variance_ * bessel, rel=1e-4)
    assert loadings @ loadings.T + noise * np.eye(6) == pytest.approx(closed.get_covariance() * bessel, abs=1e-4)


def test_gaps_do_not_turn_the_plane() -> None:
    z, _ = two_factors(1, n=2000)
    full, noise = probabilistic_pca(z)
    gaps = np.where(np.random.default_rng(2).random(z.shape) < 0.2, np.nan, z)
    found, found_noise = probabilistic_pca(gaps)
    assert np.degrees(subspace_angles(full, found)).max() < 4
    assert found_noise == pytest.approx(noise, rel=0.1)


def test_scores_are_the_posterior_mean() -> None:
    # One loading of 1 each, noise 1: half the value; not observed: the prior mean, 0.
    loadings = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert factor_scores(np.array([[2.0, -4.0], [2.0, np.nan]]), loadings, 1.0).tolist() == [[1, -2], [1, 0]]


def test_scores_recover_the_factors() -> None:
    z, factors = two_factors(3)
    loadings, noise = probabilistic_pca(z)
    turned = loadings @ varimax(loadings)
    scores = factor_scores(z, turned, noise)
    correlation = np.abs(np.corrcoef(scores.T, factors.T)[:2, 2:])
    assert (np.sort(correlation, axis=None)[2:] > 0.9).all() and (np.sort(correlation, axis=None)[:2] < 0.2).all()


def test_varimax_finds_the_best_angle() -> None:
    for seed in range(10):
        loadings = np.random.default_rng(seed).normal(size=(10, 2))
        base = loadings / np.linalg.norm(loadings, axis=1, keepdims=True)
        rotation = varimax(loadings)
        assert rotation.T @ rotation == pytest.approx(np.eye(2), abs=1e-12)
        angles = np.linspace(0, np.pi / 2, 2000)
        turns = (np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles)
        assert criterion(base @ rotation) >= max(criterion(base @ turn) for turn in turns) - 1e-6


def test_too_few_rows_are_refused() -> None:
    z, _ = two_factors(0)
    with pytest.raises(AlignbenchError):
        probabilistic_pca(z[:2])
