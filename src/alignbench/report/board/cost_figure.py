"""Cost against gain: a point per method, the mean over cultures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from alignbench.record.lineage import SeedCost, mean
from alignbench.report.board.lines import BoardLine
from alignbench.report.figures import Axis, axis_of

HEIGHT = 340
_PAD = 16
# What cost is counted in -> the property of it.
_COUNTED = {"seconds": "seconds", "tokens": "tokens", "judge calls": "judge_calls"}


@dataclass(frozen=True)
class Point:
    """A method's mean cost and gain over cultures."""

    number: int
    name: str
    cost: SeedCost
    gain: float


@dataclass(frozen=True)
class Measure:
    """A way to count the cost, with the places of the points that have any (a logarithm has no zero)."""

    name: str
    axis: Axis
    points: Sequence[tuple[Point, str, float, float]]

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Place and text of every tick."""
        return [(self.axis.place(t), _short(10**t)) for t in self.axis.ticks]

    def side(self, place: str) -> int:
        """1 where a label has room right of its point, else -1."""
        return 1 if float(place.rstrip("%")) < 70 else -1


@dataclass(frozen=True)
class CostFigure:
    """The points, the axis of gains, and one picture per measure of cost."""

    points: Sequence[Point]
    gains: Axis

    @classmethod
    def of(cls, lines: Sequence[BoardLine]) -> CostFigure:
        """Points of all methods whose cost is known, the largest gain first."""
        found: dict[str, list[BoardLine]] = {}
        for line in lines:
            if line.cost and line.row.difference is not None:
                found.setdefault(line.row.label, []).append(line)
        means = [
            (name, cost, fmean(line.row.difference or 0.0 for line in own))
            for name, own in found.items()
            if (cost := mean(line.cost for line in own))
        ]
        ordered = sorted(means, key=lambda point: -point[2])
        points = [Point(i, *point) for i, point in enumerate(ordered, start=1)]
        return cls(points, axis_of([0.0, *(p.gain for p in points)]))

    @property
    def measures(self) -> list[Measure]:
        """Seconds, tokens and judge calls, where any method has them."""
        found = []
        for name, counted in _COUNTED.items():
            known = [p for p in self.points if getattr(p.cost, counted) > 0]
            if known:
                axis = _log_axis([getattr(p.cost, counted) for p in known])
                places = [axis.place(math.log10(getattr(p.cost, counted))) for p in known]
                heights = [self.height(p.gain) for p in known]
                labels = spread_labels([float(x.rstrip("%")) for x in places], heights, 22, 17)
                found.append(Measure(name, axis, list(zip(known, places, heights, labels, strict=True))))
        return found

    def height(self, gain: float) -> float:
        """Where a gain lies, in pixels from the top."""
        share = (gain - self.gains.low) / (self.gains.high - self.gains.low)
        return _PAD + (HEIGHT - 2 * _PAD) * (1 - share)


def _short(value: float) -> str:
    """``5``, ``2k``, ``10M``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * 0.999:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _log_axis(values: Sequence[float]) -> Axis:
    """An axis of decimal logarithms with ticks at powers of ten, and at 2 and 5 of each where those are few."""
    first, last = math.log10(min(values)), math.log10(max(values))
    margin = 0.1 * max(last - first, 0.5)
    low, high = first - margin, last + margin
    steps = (1,) if high - low > 3 else (1, 2, 5)
    found = [math.log10(s) + k for k in range(math.floor(low), math.ceil(high)) for s in steps]
    return Axis(low, high, tuple(t for t in found if low <= t <= high))


def spread_labels(across: Sequence[float], heights: Sequence[float], width: float, gap: float) -> list[float]:
    """Heights moved apart until labels nearer than ``width`` across stand at least ``gap`` apart, in order."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    close = [(a, b) for a, b in combinations(order, 2) if abs(across[a] - across[b]) < width]
    placed = list(heights)
    for _ in range(100):
        for a, b in close:
            push = max(gap - (placed[b] - placed[a]), 0.0) / 2
            placed[a], placed[b] = placed[a] - push, placed[b] + push
    return placed
