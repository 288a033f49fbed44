"""Distances between answer distributions.

Every function takes arrays of shape (..., K), K >= 2 options on the last axis, and returns shape
(...): leading axes broadcast, so a pair of plain vectors gives a scalar.

Raises (all functions):
    AlignbenchError: fewer than two options, different K, NaN or infinity, a negative share, or
        shares whose sum is off 1 by more than 1e-3 (smaller rounding is normalised away).
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignbench.types import check

Array: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-3


def js_divergence(p: ArrayLike, q: ArrayLike, base: float = 2.0) -> Array:
    """Jensen-Shannon divergence (Lin 1991): 0 if equal, log_base(2) on disjoint support."""
    p, q = _pair(p, q)
    nats = 0.5 * (_to_mixture(p, q) + _to_mixture(q, p))
    return np.asarray(np.maximum(nats, 0.0) / np.log(base))


def js_similarity(p: ArrayLike, q: ArrayLike, base: float = 2.0, sqrt: bool = False) -> Array:
    """1 - JSD, or with ``sqrt`` 1 - Jensen-Shannon distance; within [0, 1] in base 2."""
    divergence = js_divergence(p, q, base)
    return np.asarray(1.0 - (np.sqrt(divergence) if sqrt else divergence))


def wasserstein_similarity(p: ArrayLike, q: ArrayLike) -> Array:
    """1 - W1 / (K - 1) for ordered options one unit apart: 1 if equal, 0 for opposite ends."""
    p, q = _pair(p, q)
    moved = np.abs(np.cumsum(p - q, axis=-1)[..., :-1]).sum(axis=-1)
    return np.asarray(1.0 - moved / (p.shape[-1] - 1))


def entropy(p: ArrayLike) -> Array:
    """Shannon entropy over ln K: 0 for a one-hot, 1 for uniform answers."""
    p = distribution(p, "p")
    return np.asarray(-(p * _log(p)).sum(axis=-1) / np.log(p.shape[-1]))


def softmax(logprobs: ArrayLike) -> Array:
    """Shares of the options over the last axis, from log-probabilities up to a constant."""
    values = np.asarray(logprobs, dtype=np.float64)
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def distribution(values: ArrayLike, name: str) -> Array:
    """``values`` as checked distributions that sum to exactly 1 over the last axis."""
    array = np.asarray(values, dtype=np.float64)
    check(array.ndim > 0 and array.shape[-1] > 1, name, array.shape, "give shares of two options or more")
    check(bool(np.isfinite(array).all()), name, array.tolist(), "shares must be finite numbers")
    check(bool((array >= 0).all()), name, array.tolist(), "shares must not be negative")
    total = array.sum(axis=-1, keepdims=True)
    check(bool((np.abs(total - 1) <= _ROUNDING).all()), name, array.tolist(), "shares must sum to 1")
    return np.asarray(array / total)


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[Array, Array]:
    first, second = distribution(p, "p"), distribution(q, "q")
    shapes = (first.shape, second.shape)
    check(first.shape[-1] == second.shape[-1], "p, q", shapes, "both must have the same number of options")
    return first, second


def _to_mixture(p: Array, q: Array) -> Array:
    """KL(p || (p + q) / 2) in nats; p = 0 adds nothing."""
    p, q = np.broadcast_arrays(p, q)
    ratio = np.divide(2 * p, p + q, out=np.ones_like(p), where=p > 0)
    return np.asarray((p * _log(ratio)).sum(axis=-1))


def _log(x: Array) -> Array:
    return np.log(x, out=np.zeros_like(x), where=x > 0)
