"""How sure a mean over survey items is: a studentised bootstrap that draws whole batteries.

Items of one battery share a topic, a format and often an answer, so they count as one draw. Every figure here is a
ratio of sums over batteries, which has a cluster-robust standard error; the bootstrap gives the distribution of
(figure* - figure) / error*, and that the interval (bootstrap-t: Davison and Hinkley 1997, section 5.2.1; for few
clusters, Cameron, Gelbach and Miller 2008). Plain percentile intervals are shorter and wrong: with the seven to ten
batteries of a test split they hold the truth in fewer than 92 % of surveys (``tests/evaluation/test_coverage.py``).

What an interval covers: which batteries of questions were asked and, where values of several seeds are given, which
seeds were run; not the sampling of the survey's respondents (the ceiling shows how small that is). Batteries and seeds
are two crossed ways of clustering (Cameron, Gelbach and Miller 2011, equation 2.11): the variance of the mean is
V_batteries + V_seeds - V_both, where the part beyond V_batteries, the seeds' own, counts as zero when negative. With
two or three seeds no critical value is exact. Ours is the mean of two: Student's t of Satterthwaite's degrees of
freedom, too small where few seeds decide most (88 % of intervals hold the truth), and the mean of both parts' own t
weighted by the parts (Cochran 1964, for the Behrens-Fisher problem), too large where both matter (98 %). Chosen by
coverage: of 2, 3 and 5 seeds it holds the truth in 93 to 97 % of surveys (``tests/evaluation/test_coverage.py``), but
of two seeds that decide far more than the questions in 91 %, which is then noted.

The *minimum detectable effect* of a comparison is (t(1 - alpha / 2) + t(power)) x standard error (Bloom 1995), with
the critical values of the interval; of one seed, Student's of batteries - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Self

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

    def within(self, low: float, high: float) -> Self:
        """The same, its bounds cut to the range of what is measured (NaN stays)."""
        return replace(self, low=cut(self.low, low, high), high=cut(self.high, low, high))


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
    return ratio(values, np.ones(len(clusters)), clusters, bootstrap)


def ratio(values: ArrayLike, weights: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Interval:
    """Sum of values over sum of weights, both over items; weights of several seeds are averaged first."""
    found = _Ratio.of(values, weights, clusters)
    return Interval(found.value, *found.bounds(bootstrap), len(found.a), found.note(clusters))


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
    value = float(total.sum() / n.sum()) if people else math.nan
    if people < 2:
        return value, math.nan, math.nan
    error = math.sqrt(people / (people - 1) * float(((total - value * n) ** 2).sum())) / float(n.sum())
    half = float(t.ppf((1 + confidence) / 2, people - 1)) * error
    return value, value - half, value + half


def paired(a: ArrayLike, b: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Difference:
    """Mean of a minus b over the same items; shapes as in :func:`interval`.

    Several seeds on both sides are paired in the order given; values without seeds stand for every seed.

    Raises:
        AlignbenchError: both sides have several seeds, but not the same number.
    """
    n = len(clusters)
    first, second = _by_seed(a, n), _by_seed(b, n)
    seeds = (len(first), len(second))
    check(seeds[0] == seeds[1] or 1 in seeds, "seeds", seeds, "a difference within seeds needs the same seeds twice")
    return weighted(first - second, np.ones(n), clusters, bootstrap)


def weighted(values: ArrayLike, weights: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap) -> Difference:
    """:func:`ratio` of values that are differences already, with its test.

    The p-value inverts the interval: it is the level at which the interval begins to hold 0.
    """
    found = _Ratio.of(values, weights, clusters)
    return Difference(
        found.value,
        *found.bounds(bootstrap),
        len(found.a),
        found.note(clusters),
        p_value=found.p_value(bootstrap),
        detectable=found.detectable(1 - bootstrap.confidence),
    )


def skill(
    values: ArrayLike, floor: ArrayLike, ceiling: ArrayLike, clusters: Sequence[str], bootstrap: Bootstrap
) -> Interval:
    """(value - floor) / (ceiling - floor) of means: 0 at the floor, 1 at the ceiling, negative below the floor.

    NaN where the ceiling is not above the floor, in the data or (bounds only) in any resample.
    """
    low, top = (_by_seed(anchor, len(clusters)).mean(axis=0) for anchor in (floor, ceiling))
    return ratio(_by_seed(values, len(clusters)) - low, top - low, clusters, bootstrap)


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
    """sum(a) / sum(b) over batteries, ``a`` and ``b`` of shape (batteries,); ``seeds`` is ``a`` by seed.

    Attributes:
        seeds: shape (seeds, batteries), its mean over seeds is ``a``.
    """

    a: Array
    b: Array
    seeds: Array

    @classmethod
    def of(cls, values: ArrayLike, weights: ArrayLike, clusters: Sequence[str]) -> _Ratio:
        """From values (items,) or (seeds, items) and weights of items to sums of their batteries."""
        _, index = np.unique(np.asarray(clusters), return_inverse=True)
        n = len(clusters)
        seeds, weight = _by_seed(values, n), _by_seed(weights, n).mean(axis=0)
        by_seed = np.array([np.bincount(index, seed) for seed in seeds], dtype=np.float64)
        return cls(by_seed.mean(axis=0), np.bincount(index, weight).astype(np.float64), by_seed)

    @property
    def value(self) -> float:
        """The ratio; NaN unless the denominator is positive."""
        return float(self.a.sum() / self.b.sum()) if self.b.sum() > 0 else math.nan

    def bounds(self, bootstrap: Bootstrap) -> tuple[float, float]:
        """The studentised interval; NaN where too few batteries give none, or a denominator is not always positive."""
        value, error, t = self._resampled(bootstrap)
        if math.isnan(error) or np.isnan(t).any():
            return math.nan, math.nan
        if error == 0 and self.seed_error == 0:
            return value, value
        return self._reach(value, error, t, 1 - bootstrap.confidence)

    def _reach(self, value: float, error: float, t: Array, alpha: float) -> tuple[float, float]:
        """Bounds at level ``alpha``: the value, and to either side the critical value times the standard error."""
        low, high = np.quantile(t, [alpha / 2, 1 - alpha / 2], method="inverted_cdf")
        bounds = value - self._half(float(high), error, 1 - alpha / 2), value - self._half(float(low), error, alpha / 2)
        return bounds if all(map(math.isfinite, bounds)) else (math.nan, math.nan)

    def _half(self, t: float, error: float, tail: float) -> float:
        """Critical value (see the module) times the standard error; ``t`` is the critical value of batteries alone."""
        from scipy.special import stdtrit

        if self.seed_error == 0:
            return t * error
        free = len(self.a) - 1, len(self.seeds) - 1
        parts = error**2, self.seed_error**2
        students = [float(stdtrit(df, tail)) for df in free]
        t = t if error else students[0]
        pooled = sum(parts) ** 2 / (parts[0] ** 2 / free[0] + parts[1] ** 2 / free[1])
        satterthwaite = t * float(stdtrit(pooled, tail)) / students[0]
        cochran = (t * parts[0] + students[1] * parts[1]) / sum(parts)
        return (satterthwaite + cochran) / 2 * math.sqrt(sum(parts))

    @cached_property
    def seed_error(self) -> float:
        """Square root of V_seeds - V_both, the variance that the choice of seeds adds; 0 for one seed or below zero."""
        seeds, n = self.seeds.shape
        if seeds < 2 or n < 2 or math.isnan(self.value):
            return 0.0
        total = self.b.sum()
        moved = (self.seeds - self.a) / total
        means = moved.sum(axis=1)
        both = moved - means[:, None] * self.b / total
        own = float((means**2).sum()) / (seeds * (seeds - 1))
        net = own - float((both**2).sum()) * n / ((n - 1) * (seeds - 1) * seeds)
        return math.sqrt(net) if net > (_ROUNDING * abs(self.value)) ** 2 else 0.0

    def p_value(self, bootstrap: Bootstrap) -> float:
        """Two-sided, of the ratio being 0; of one seed, one is added to both counts, so that it is never 0."""
        value, error, t = self._resampled(bootstrap)
        if math.isnan(error):
            return math.nan
        if self.seed_error > 0:
            return self._inverted(value, error, t, 2 / (bootstrap.resamples + 1))
        if error == 0:
            return 1.0 if value == 0 else 2 / (bootstrap.resamples + 1)
        tails = [np.count_nonzero(tail) + 1 for tail in (t >= value / error, t <= value / error)]
        return min(1.0, 2 * min(tails) / (bootstrap.resamples + 1))

    def _inverted(self, value: float, error: float, t: Array, least: float) -> float:
        """The level at which the interval begins to hold 0, by bisection; not below ``least``."""
        low, high = least, 1.0
        for _ in range(30):
            middle = math.sqrt(low * high)
            below, above = self._reach(value, error, t, middle)
            low, high = (low, middle) if below > 0 or above < 0 else (middle, high)
        return high

    def detectable(self, alpha: float) -> float:
        """(t(1 - alpha / 2) + t(power)) x standard error, see the module.

        NaN for a single battery, and where all batteries differ alike: alike answers show no spread to go by.
        """
        from scipy.special import stdtrit

        n = len(self.a)
        if n < 2 or math.isnan(self.value):
            return math.nan
        _, (error,) = self._estimates(np.ones((1, n)))
        if error == 0:
            return math.nan
        tails = (1 - alpha / 2, POWER)
        return sum(self._half(float(stdtrit(n - 1, tail)), float(error), tail) for tail in tails)

    def note(self, clusters: Sequence[str]) -> str:
        """A warning if batteries or seeds are too few for the interval."""
        n, sizes = len(self.a), Counter(clusters)
        if n < _FEW:
            return f"only {n} {'battery' if n == 1 else 'batteries'}: the interval is too narrow to rely on"
        if 2 * max(sizes.values()) > len(clusters):
            return "one battery holds most of the items: the interval is too narrow to rely on"
        if len(self.seeds) == 2 and self.seed_error > 2 * float(self._estimates(np.ones((1, n)))[1][0]):
            return (
                "two seeds that differ more than the questions do: nine of ten such intervals hold the truth, not 95 %"
            )
        return ""

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


def cut(value: float, low: float, high: float) -> float:
    """``value`` no lower than ``low`` and no higher than ``high``; NaN stays."""
    return value if math.isnan(value) else min(max(value, low), high)


def _by_seed(values: ArrayLike, items: int) -> Array:
    """Values of shape (items,) or (seeds, items), checked, as (seeds, items)."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    right = array.ndim == 2 and array.shape[1] == items > 0
    check(right, "values", array.shape, f"give one value per item and its battery ({items} batteries given)")
    check(bool(np.isfinite(array).all()), "values", array.tolist(), "every item needs a finite value")
    return array
