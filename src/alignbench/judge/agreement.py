"""Does a guard agree with the judges of its panel as much as they agree with each other?

Each judge is left out in turn. What the others say on average is the yardstick: the judge agrees with it to some
degree, and so does the guard; the shortfall of the guard is the mean over judges of the difference. This is the
comparison of the alternative annotator test (Calderon, Reichart, Dror 2025) with rank correlations in the place of its
shares, and like it a test of not being worse: the guard passes only where the shortfall is smaller than a tolerance
with its whole interval. So noise in a small sample counts against the guard.

Two kinds of panels have no yardstick. Judges who agree no better than chance teach nothing: any regressor would do as
well as they do. Judges who put all pairs into the same order are one judge: their agreement says
nothing about how well two of them could agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_RESAMPLES = 1000
_BINS = 5
# Judges whose ranks are this near to each other are of one voice (ours).
_ONE_VOICE = 0.999


@dataclass(frozen=True)
class Agreement:
    """What was found on one axis; plain values, so it goes into JSON as it is.

    Attributes:
        pairs, prompts: how many were rated; the bootstrap draws prompts.
        guard: Spearman correlation of the guard with the mean of the other judges, averaged over judges.
        judges: the same of the judge that is left out.
        judges_interval: of ``judges``, 95 %.
        shortfall: ``judges`` less ``guard``; negative where the guard agrees more than a judge does.
        shortfall_interval: 95 %.
        spearman, mae: of the guard with each judge, in the order of the panel; mae in points of the scale.
        between_spearman, between_mae: of each two judges, in the order of :func:`itertools.combinations`.
        calibration_error: mean distance of the guard's ratings from the panel's mean in five equally full bins.
        uncalibrated_error: the same of the regressor by itself.
    """

    pairs: int
    prompts: int
    guard: float
    judges: float
    judges_interval: tuple[float, float]
    shortfall: float
    shortfall_interval: tuple[float, float]
    spearman: list[float]
    mae: list[float]
    between_spearman: list[float]
    between_mae: list[float]
    calibration_error: float
    uncalibrated_error: float

    def fault(self, tolerance: float) -> str | None:
        """Why the guard must not be used; None if it may.

        Args:
            tolerance: the largest shortfall that is still no shortfall.
        """
        if min(self.between_spearman) >= _ONE_VOICE:
            return "the judges put all pairs into the same order, so they are one judge and no measure of agreement"
        low, high = self.judges_interval
        if low <= 0:
            return f"the judges agree no better than chance ({self.judges:.2f}, 95 % from {low:.2f} to {high:.2f})"
        low, high = self.shortfall_interval
        if high > tolerance:
            return (
                f"the guard agrees with the judges by {self.guard:.2f}, they with each other by {self.judges:.2f} "
                f"(shortfall {self.shortfall:.2f}, 95 % from {low:.2f} to {high:.2f}; up to {tolerance:g} is allowed)"
            )
        return None


def agreement(guard: Array, raw: Array, ratings: Array, prompts: Sequence[str], seed: int) -> Agreement:
    """Agreement on one axis, on pairs that the guard has not seen.

    Args:
        guard, raw: its ratings, and before calibration, shape (pairs,).
        ratings: of the judges, shape (judges, pairs); two judges at least.
        prompts: what each pair is about; pairs of one prompt are drawn together.
        seed: of the bootstrap.
    """
    names, of = np.unique(np.asarray(prompts), return_inverse=True)
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    others = [np.delete(ratings, judge, axis=0).mean(axis=0) for judge in range(len(ratings))]
    ours, theirs = (
        np.mean([_spearmans(one, other, of, draws) for one, other in zip(those, others, strict=True)], axis=0)
        for those in ([guard] * len(ratings), ratings)
    )
    target, both = ratings.mean(axis=0), list(combinations(ratings, 2))
    return Agreement(
        pairs=len(guard),
        prompts=len(names),
        guard=float(ours[0]),
        judges=float(theirs[0]),
        judges_interval=_interval(theirs[1:]),
        shortfall=float(theirs[0] - ours[0]),
        shortfall_interval=_interval(theirs[1:] - ours[1:]),
        spearman=[spearman(guard, one) for one in ratings],
        mae=[float(np.abs(guard - one).mean()) for one in ratings],
        between_spearman=[spearman(*pair) for pair in both],
        between_mae=[float(np.abs(one - other).mean()) for one, other in both],
        calibration_error=calibration_error(guard, target),
        uncalibrated_error=calibration_error(raw, target),
    )


def spearman(one: Array, other: Array) -> float:
    """Rank correlation, ties at their mean rank; 0 where one side says the same of everything."""
    return float(_spearmans(one, other, np.zeros(len(one), dtype=np.int64), np.ones((0, 1), dtype=np.int64))[0])


def _spearmans(one: Array, other: Array, prompts: NDArray[np.int64], draws: NDArray[np.int64]) -> Array:
    """Rank correlation of all pairs, then of each draw of prompts, shape (1 + draws,).

    Ranks are those among all pairs, in every draw, so that a draw is a sum over its prompts.

    Args:
        prompts: the prompt of each pair, by number.
        draws: how often each prompt is in each draw, shape (draws, prompts).
    """
    from scipy.stats import rankdata

    a, b = (ranks - ranks.mean() for ranks in (rankdata(one), rankdata(other)))
    moments = np.stack([np.ones(len(a)), a, b, a * b, a * a, b * b])
    held = np.stack([np.bincount(prompts, weights=moment, minlength=draws.shape[1]) for moment in moments], axis=1)
    counts = np.concatenate([np.ones((1, draws.shape[1])), draws])
    n, sum_a, sum_b, sum_ab, sum_aa, sum_bb = (counts @ held).T
    size = np.sqrt((sum_aa - sum_a**2 / n) * (sum_bb - sum_b**2 / n))
    found = np.divide(sum_ab - sum_a * sum_b / n, size, out=np.zeros_like(size), where=size > 1e-9)
    return np.asarray(found, dtype=np.float64)


def calibration_error(found: Array, target: Array) -> float:
    """Mean distance between both sides' means in bins of ``found`` that are equally full, in points of the scale."""
    bins = np.array_split(np.argsort(found, kind="stable"), _BINS)
    gaps = [(len(rows), abs(float(found[rows].mean() - target[rows].mean()))) for rows in bins if len(rows)]
    return sum(count * gap for count, gap in gaps) / len(found)


def _interval(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
