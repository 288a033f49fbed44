"""How sure a mean over survey items is: a studentised bootstrap that draws whole batteries.

Items of one battery share a topic, a format and often an answer, so they count as one draw. Every figure here is a
ratio of sums over batteries, which has a cluster-robust standard error; the bootstrap gives the distribution of
(figure* - figure) / error*, and that the interval (bootstrap-t: Davison and Hinkley 1997, section 5.2.1; for few
clusters, Cameron, Gelbach and Miller 2008). Plain percentile intervals are shorter and wrong: with the seven to ten
batteries of a test split they hold the truth in fewer than 92 % of surveys (``tests/evaluation/test_coverage.py``).

What an interval covers: which batteries of questions were asked. Values of several seeds are averaged per
item first, so it does not cover the seed (:func:`seed_spread` is reported aside), nor the sampling of the
survey's respondents (the ceiling shows how small that is).

What a comparison could have seen: its *minimum detectable effect* is (t(1 - alpha / 2) + t(power)) x standard error,
with Student's quantiles of batteries - 1 degrees of freedom and the error that also makes the interval (Bloom 1995).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.metrics import Array
from alignbench.types import check

_FEW = 5
# A standard error below this share of the figure's size is rounding.
_ROUNDING = 1e-7
# Chance of finding an effect of the minimum detectable size.
POWER = 0.8


@dataclass(frozen=True)
class Bootstrap:
    """How many resamples, from which seed, for an interval of which confidence."""

    resamples: int = 10000
    seed: int = 0
    confidence: float = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean (or a ratio of means) with its interval.

    ``low`` and ``high`` are NaN where none can be had (a single battery); ``note`` says when to distrust them.
    """

    value: float
    low: float
    high: float
    batteries: int
    note: str = ""


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference of means; the further figures are NaN for a single battery.

    Attributes:
        p_value: two-sided, of no difference.
        detectable: minimum detectable effect, the true difference that would be found with a chance of
            :data:`POWER` at alpha = 1 - confidence.
    """

    p_value: float = math.nan
    detectable: float = math.nan


def interval(values: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Interval:
    """Mean over items. ``values`` has shape (items,) or (seeds, items); ``clusters`` names each item's battery."""
    ratio = _Ratio.of(_per_item(values, len(clusters)), np.ones(len(clusters)), clusters)
    return Interval(ratio.value, *ratio.bounds(bootstrap), *_basis(clusters))


def ratio(values: ArrayLike, weights: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Interval:
    """Sum of values over sum of weights, both over items; shapes as in :func:`interval`."""
    n = len(clusters)
    found = _Ratio.of(_per_item(values, n), _per_item(weights, n), clusters)
    return Interval(found.value, *found.bounds(bootstrap), *_basis(clusters))


def over_people(sums: ArrayLike, counts: ArrayLike, confidence: float) -> tuple[float, float, float]:
    """Sum over sum with its t interval over people, who count as drawn one by one: (value, low, high).

    With many people as clusters the bootstrap would cost memory and bring nothing.

    Args:
        sums: of a person's scores, shape (people,).
        counts: how many scores the person has, shape (people,); people without any are left out.

    Returns:
        NaN bounds for fewer than two people; a NaN value for none.
    """
    from scipy.stats import t

    total, n = np.asarray(sums, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    total, n = total[n > 0], n[n > 0]
    people = len(n)
    if people == 0:
        return math.nan, math.nan, math.nan
    value = float(total.sum() / n.sum())
    if people == 1:
        return value, math.nan, math.nan
    error = math.sqrt(people / (people - 1) * float(((total - value * n) ** 2).sum())) / float(n.sum())
    half = float(t.ppf((1 + confidence) / 2, people - 1)) * error
    return value, value - half, value + half


def paired(a: ArrayLike, b: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Difference:
    """Mean of a minus b over the same items; shapes as in :func:`interval`, seeds need not match.

    The p-value inverts the interval: it is the level at which the interval begins to hold 0.
    """
    change = _per_item(a, len(clusters)) - _per_item(b, len(clusters))
    ratio = _Ratio.of(change, np.ones(len(clusters)), clusters)
    return Difference(
        ratio.value,
        *ratio.bounds(bootstrap),
        *_basis(clusters),
        p_value=ratio.p_value(bootstrap),
        detectable=ratio.detectable(1 - bootstrap.confidence),
    )


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
    low = _per_item(floor, len(clusters))
    gain, room = _per_item(values, len(clusters)) - low, _per_item(ceiling, len(clusters)) - low
    ratio = _Ratio.of(gain, room, clusters)
    return Interval(ratio.value, *ratio.bounds(bootstrap), *_basis(clusters))


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


@dataclass(frozen=True)
class _Ratio:
    """sum(a) / sum(b) over batteries, with ``a`` and ``b`` of shape (batteries,)."""

    a: Array
    b: Array

    @classmethod
    def of(cls, values: Array, weights: Array, clusters: Sequence[str]) -> _Ratio:
        """From values and weights of items to sums of their batteries."""
        _, index = np.unique(np.asarray(clusters), return_inverse=True)
        return cls(np.bincount(index, values).astype(np.float64), np.bincount(index, weights).astype(np.float64))

    @property
    def value(self) -> float:
        """The ratio; NaN unless the denominator is positive."""
        return float(self.a.sum() / self.b.sum()) if self.b.sum() > 0 else math.nan

    def bounds(self, bootstrap: Bootstrap) -> tuple[float, float]:
        """The studentised interval; NaN where too few batteries give none, or a denominator is not always positive."""
        value, error, t = self._resampled(bootstrap)
        if error == 0:
            return value, value
        if math.isnan(error) or np.isnan(t).any():
            return math.nan, math.nan
        tail = (1 - bootstrap.confidence) / 2
        low, high = np.quantile(t, [tail, 1 - tail], method="inverted_cdf")
        bounds = value - float(high) * error, value - float(low) * error
        return bounds if all(map(math.isfinite, bounds)) else (math.nan, math.nan)

    def p_value(self, bootstrap: Bootstrap) -> float:
        """Two-sided, of the ratio being 0; one is added to both counts, so that it is never 0."""
        value, error, t = self._resampled(bootstrap)
        if math.isnan(error):
            return math.nan
        if error == 0:
            return 1.0 if value == 0 else 2 / (bootstrap.resamples + 1)
        tails = [np.count_nonzero(tail) + 1 for tail in (t >= value / error, t <= value / error)]
        return min(1.0, 2 * min(tails) / (bootstrap.resamples + 1))

    def detectable(self, alpha: float) -> float:
        """(t(1 - alpha / 2) + t(power)) x standard error, see the module; NaN for a single battery."""
        from scipy.special import stdtrit

        n = len(self.a)
        if n < 2 or math.isnan(self.value):
            return math.nan
        _, (error,) = self._estimates(np.ones((1, n)))
        return float((stdtrit(n - 1, 1 - alpha / 2) + stdtrit(n - 1, POWER)) * error)

    def _resampled(self, bootstrap: Bootstrap) -> tuple[float, float, Array]:
        """The ratio, its standard error, and (ratio* - ratio) / error* of every resample of batteries."""
        n = len(self.a)
        if n < 2 or math.isnan(self.value):
            return self.value, math.nan, np.array([])
        counts = _drawn(n, bootstrap.resamples, bootstrap.seed)
        (value,), (error,) = self._estimates(np.ones((1, n)))
        values, errors = self._estimates(counts)
        moved = values - value
        t = np.divide(moved, errors, out=np.where(moved == 0, 0.0, np.copysign(np.inf, moved)), where=errors > 0)
        return float(value), float(error), np.where(np.isnan(values), math.nan, t)

    def _estimates(self, counts: Array) -> tuple[Array, Array]:
        """Ratios and cluster-robust standard errors of resamples, given how often each battery is drawn."""
        n, a, b = len(self.a), self.a, self.b
        total = counts @ b
        values = np.divide(counts @ a, total, out=np.full(len(counts), math.nan), where=total > 0)
        squares = counts @ (a * a) - 2 * values * (counts @ (a * b)) + values**2 * (counts @ (b * b))
        size = np.sqrt(counts @ (a * a)) + np.abs(values) * np.sqrt(counts @ (b * b))
        residual = np.sqrt(np.maximum(squares, 0.0))
        errors = np.sqrt(n / (n - 1)) * np.where(residual > _ROUNDING * size, residual, 0.0) / total
        return values, errors


@lru_cache(maxsize=8)
def _drawn(batteries: int, resamples: int, seed: int) -> Array:
    """How often each battery is drawn, shape (resamples, batteries); the same for every row of a board."""
    draws = np.random.default_rng(seed).multinomial(batteries, np.full(batteries, 1 / batteries), size=resamples)
    counts = draws.astype(np.float64)
    counts.flags.writeable = False
    return counts


def _per_item(values: ArrayLike, items: int) -> Array:
    """Mean over seeds, shape (items,)."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    right = array.ndim == 2 and array.shape[1] == items > 0
    check(right, "values", array.shape, f"give one value per item and its battery ({items} batteries given)")
    check(bool(np.isfinite(array).all()), "values", array.tolist(), "every item needs a finite value")
    return np.asarray(array.mean(axis=0))


def _basis(clusters: Sequence[str]) -> tuple[int, str]:
    """Number of batteries, and a warning if they are few."""
    sizes = Counter(clusters)
    n = len(sizes)
    if n < _FEW:
        return n, f"only {n} {'battery' if n == 1 else 'batteries'}: the interval is too narrow to rely on"
    if 2 * max(sizes.values()) > len(clusters):
        return n, "one battery holds most of the items: the interval is too narrow to rely on"
    return n, ""
