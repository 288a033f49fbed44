"""Two factors from survey answers with gaps: probabilistic PCA and varimax."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alignbench.errors import AlignbenchError
from alignbench.evaluation.metrics import Array
from alignbench.types import check

# Of iteration: at most so many rounds, until no loading changes by more.
_ROUNDS, _SETTLED = 2000, 1e-7
# Rows that lack the same items: the columns they have, which rows they are, their observed values.
Pattern: TypeAlias = tuple[NDArray[np.bool_], NDArray[np.intp], Array]


def probabilistic_pca(standardised: Array, factors: int = 2) -> tuple[Array, float]:
    """Maximum-likelihood loadings and noise variance by EM (Tipping and Bishop 1999), over the observed values only.

    Args:
        standardised: shape (n, d), each column with mean 0 and deviation 1; NaN where not observed.
        factors: k, below d.

    Returns:
        Loadings of shape (d, k), free up to a rotation, and the noise variance.

    Raises:
        AlignbenchError: a wrong shape, too few rows, no convergence.
    """
    n, d = standardised.shape
    check(n > factors < d, "answers", standardised.shape, f"{factors} factors need more rows and more items than that")
    _, sizes, axes = np.linalg.svd(np.nan_to_num(standardised), full_matrices=False)
    loadings, noise = axes[:factors].T * sizes[:factors] / np.sqrt(n), 1.0
    patterns = list(_patterns(standardised))
    for _ in range(_ROUNDS):
        updated, noise = _step(patterns, loadings, noise)
        change = np.abs(updated - loadings).max()
        loadings = updated
        if change < _SETTLED:
            return loadings, noise
    raise AlignbenchError("answers", standardised.shape, f"probabilistic PCA has not converged in {_ROUNDS} rounds")


def factor_scores(standardised: Array, loadings: Array, noise: float) -> Array:
    """Posterior mean of the factors given the observed values, shape (n, k); 0 for a row without any."""
    scores = np.zeros((len(standardised), loadings.shape[1]))
    for seen, rows, values in _patterns(standardised):
        scores[rows] = _posterior(values, loadings[seen], noise)[0]
    return scores


def varimax(loadings: Array) -> Array:
    """Rotation, shape (k, k), that makes each factor load high on few items (Kaiser 1958), for ``loadings @ rotation``.

    Maximises the variance of the squared loadings (d, k) within each factor, summed over factors; all items weigh
    alike, whatever their communality.
    """
    lengths = np.linalg.norm(loadings, axis=1, keepdims=True)
    base = np.divide(loadings, lengths, out=np.zeros_like(loadings), where=lengths > 0)
    rotation, reached = np.eye(loadings.shape[1]), 0.0
    for _ in range(_ROUNDS):
        turned = base @ rotation
        left, sizes, right = np.linalg.svd(base.T @ (turned**3 - turned * (turned**2).mean(axis=0)))
        rotation = left @ right
        if sizes.sum() <= reached * (1 + 1e-10):
            break
        reached = sizes.sum()
    return rotation


def _patterns(values: Array) -> Iterator[Pattern]:
    masks, index = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, seen in enumerate(masks):
        rows = np.flatnonzero(index == number)
        yield seen, rows, values[np.ix_(rows, np.flatnonzero(seen))]


def _posterior(values: Array, loadings: Array, noise: float) -> tuple[Array, Array]:
    """Mean (n, k) and covariance (k, k) of the factors, given the items that ``loadings`` has rows for."""
    precision = loadings.T @ loadings + noise * np.eye(loadings.shape[1])
    mean = np.linalg.solve(precision, loadings.T @ values.T).T
    return np.asarray(mean, dtype=np.float64), np.asarray(noise * np.linalg.inv(precision), dtype=np.float64)


def _step(patterns: list[Pattern], loadings: Array, noise: float) -> tuple[Array, float]:
    """One round of EM."""
    d, k = loadings.shape
    products, moments = np.zeros((d, k)), np.zeros((d, k, k))
    posteriors = []
    for seen, rows, values in patterns:
        mean, covariance = _posterior(values, loadings[seen], noise)
        posteriors.append((mean, covariance))
        products[seen] += values.T @ mean
        moments[seen] += mean.T @ mean + len(rows) * covariance
    updated = np.asarray(np.linalg.solve(moments, products[..., None])[..., 0], dtype=np.float64)
    squares = observed = 0.0
    for (seen, rows, values), (mean, covariance) in zip(patterns, posteriors, strict=True):
        own = updated[seen]
        squares += float(((values - mean @ own.T) ** 2).sum() + len(rows) * np.trace(own @ covariance @ own.T))
        observed += values.size
    return updated, squares / observed
