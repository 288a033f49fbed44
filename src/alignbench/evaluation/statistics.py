"""How sure a mean over survey items is: a bootstrap that draws whole batteries.

Items of one battery share a topic, a format and often an answer, so they count as one draw (cluster
bootstrap, Davison and Hinkley 1997, section 3.8; percentile intervals).

What an interval covers: which batteries of questions were asked. Values of several seeds are averaged per
item first, so it does not cover the seed (:func:`seed_spread` is reported aside), nor the sampling of the
survey's respondents (the ceiling shows how small that is).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.metrics import Array
from alignbench.types import check

_FEW = 5


@dataclass(frozen=True)
class Bootstrap:
    """How many resamples, from which seed, for an interval of which confidence."""

    resamples: int = 2000
    seed: int = 0
    confidence: float = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean (or a ratio of means) with its percentile interval.

    ``low`` and ``high`` are NaN where none can be had (a single battery); ``note`` says when to distrust them.
    """

    value: float
    low: float
    high: float
    batteries: int
    note: str = ""


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference of means; ``p_value`` is two-sided, NaN for a single battery."""

    p_value: float = math.nan


def interval(values: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Interval:
    """Mean over items. ``values`` has shape (items,) or (seeds, items); ``clusters`` names each item's battery."""
    means, draws = _means([values], clusters, bootstrap)
    return Interval(float(means[0]), *_bounds(draws[:, 0], clusters, bootstrap), *_basis(clusters))


def paired(a: ArrayLike, b: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Difference:
    """Mean of a minus b over the same items; shapes as in :func:`interval`, seeds need not match.

    The p-value inverts the percentile interval: twice the smaller tail of the resampled differences at 0,
    with one added to both counts so that it is never 0.
    """
    means, draws = _means([a, b], clusters, bootstrap)
    resampled = draws[:, 0] - draws[:, 1]
    tails = [(np.count_nonzero(tail) + 1) / (len(resampled) + 1) for tail in (resampled <= 0, resampled >= 0)]
    p_value = min(1.0, 2 * min(tails)) if _several(clusters) else math.nan
    bounds = _bounds(resampled, clusters, bootstrap)
    return Difference(float(means[0] - means[1]), *bounds, *_basis(clusters), p_value=p_value)


def own_minus_cross(own: ArrayLike, cross: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Difference:
    """Specificity: the model aligned with this country minus the same recipe on another country's figures.

    Both scored against this country. What learning the format alone brings is in both and cancels; what is
    left is the culture.
    """
    return paired(own, cross, clusters, bootstrap)


def skill(
    values: ArrayLike, floor: ArrayLike, ceiling: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap
) -> Interval:
    """(value - floor) / (ceiling - floor) of means: 0 at the floor, 1 at the ceiling, negative below the floor.

    NaN where the ceiling is not above the floor, in the data or (bounds only) in any resample.
    """
    means, draws = _means([values, floor, ceiling], clusters, bootstrap)
    (value,) = _ratio(means[None])
    return Interval(float(value), *_bounds(_ratio(draws), clusters, bootstrap), *_basis(clusters))


def seed_spread(values: ArrayLike) -> float:
    """Standard deviation (n - 1) of the seeds' means; ``values`` (seeds, items); NaN for one seed."""
    means = np.atleast_2d(np.asarray(values, dtype=np.float64)).mean(axis=1)
    return float(means.std(ddof=1)) if len(means) > 1 else math.nan


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of Holm's step-down test (Holm 1979), in the order given.

    Raises:
        AlignbenchError: a p-value outside [0, 1], or NaN.
    """
    p = np.asarray(p_values, dtype=np.float64)
    check(bool(((p >= 0) & (p <= 1)).all()), "p_values", list(p_values), "p-values lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(x) for x in adjusted]


def _means(columns: Sequence[ArrayLike], clusters: Sequence[str], bootstrap: Bootstrap) -> tuple[Array, Array]:
    """Column means, shape (columns,), and those of each resample, shape (resamples, columns).

    A resample draws as many batteries as there are, with replacement, and takes the mean over all items drawn.
    All columns see the same draws.
    """
    values = np.stack([_per_item(column, len(clusters)) for column in columns], axis=1)
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, index, values)
    sizes = np.bincount(index)
    rng = np.random.default_rng(bootstrap.seed)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=bootstrap.resamples)
    return values.mean(axis=0), counts @ sums / (counts @ sizes)[:, None]


def _per_item(values: ArrayLike, items: int) -> Array:
    """Mean over seeds, shape (items,)."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    right = array.ndim == 2 and array.shape[1] == items > 0
    check(right, "values", array.shape, f"give one value per item and its battery ({items} batteries given)")
    check(bool(np.isfinite(array).all()), "values", array.tolist(), "every item needs a finite value")
    return np.asarray(array.mean(axis=0))


def _ratio(means: Array) -> Array:
    """Skill of rows (value, floor, ceiling)."""
    value, floor, ceiling = means.T
    room = ceiling - floor
    return np.asarray(np.divide(value - floor, room, out=np.full_like(room, math.nan), where=room > 0))


def _bounds(resampled: Array, clusters: Sequence[str], bootstrap: Bootstrap) -> tuple[float, float]:
    if not _several(clusters):
        return math.nan, math.nan
    tail = (1 - bootstrap.confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def _several(clusters: Sequence[str]) -> bool:
    return len(set(clusters)) > 1


def _basis(clusters: Sequence[str]) -> tuple[int, str]:
    """Number of batteries, and a warning if they are few."""
    n = len(set(clusters))
    if n >= _FEW:
        return n, ""
    return n, f"only {n} {'battery' if n == 1 else 'batteries'}: the interval is too narrow to rely on"
