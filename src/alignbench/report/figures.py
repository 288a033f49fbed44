"""Inline SVG made of a few marks. Horizontal places are percentages, so text never scales with the page.

Colours come from the page's style sheet through the classes ``survey``, ``base``, ``own`` and ``other``.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from alignbench.evaluation.board import Figures, Row
from alignbench.report.numbers import change, defined, interval, number, percent, signed

_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Axis:
    """A horizontal axis from ``low`` to ``high``, with ``ticks`` at round values."""

    low: float
    high: float
    ticks: tuple[float, ...] = ()

    def place(self, value: float) -> str:
        """Where ``value`` lies, e.g. ``37.50%``."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"


def axis_of(values: Iterable[float | None], ticks: int = 5) -> Axis:
    """The axis that holds all ``values`` (None is skipped), widened to round ends."""
    known = [v for v in values if v is not None and defined(v)] or [0.0, 1.0]
    span = max(known) - min(known)
    step = next((s for s in _STEPS if s * ticks >= span), _STEPS[-1])
    first, last = int(np.floor(min(known) / step)), int(np.ceil(max(known) / step))
    marks = tuple(round(step * k, 6) for k in range(first, max(last, first + 1) + 1))
    return Axis(marks[0], marks[-1], marks)


def interval_mark(row: Row, axis: Axis, guide: float | None) -> Markup:
    """One line of the forest plot: the score as a dot, its interval as a line, ``guide`` as a dashed line."""
    shapes = [line(axis.place(t), axis.place(t), 0, 48, "grid") for t in axis.ticks]
    if guide is not None:
        shapes.append(line(axis.place(guide), axis.place(guide), 0, 48, "guide"))
    if row.low is not None and row.high is not None:
        shapes.append(line(axis.place(row.low), axis.place(row.high), 24, 24, "whisker"))
    if row.score is not None:
        shapes.append(dot(axis.place(row.score), 24, 5.5))
    return svg(48, f"{number(row.score)} {interval(row.low, row.high)}", shapes)


def tick_labels(axis: Axis) -> Markup:
    """The values under the forest plot."""
    step = axis.ticks[1] - axis.ticks[0] if len(axis.ticks) > 1 else 0.0
    digits = 1 if step > 0.09 else 2 if step > 0.009 else 3
    last = len(axis.ticks) - 1
    anchors = ["start" if k == 0 else "end" if k == last else "middle" for k in range(last + 1)]
    return svg(16, None, [name(axis, t, a, number(t, digits)) for t, a in zip(axis.ticks, anchors, strict=True)])


def name(axis: Axis, value: float, anchor: str, text: str) -> Markup:
    """A value's text under the axis."""
    return Markup('<text x="{}" y="12" text-anchor="{}">{}</text>').format(axis.place(value), anchor, text)


def share_mark(survey: float, base: float, own: float, axis: Axis) -> Markup:
    """One answer option: the survey's share as a bar, and the way from the base model to the aligned one."""
    bar = Markup('<rect class="survey" x="0" y="6" width="{}" height="12" rx="2"/>').format(axis.place(survey))
    way = line(axis.place(base), axis.place(own), 12, 12, "way")
    label = f"survey {percent(survey)}, base {percent(base)}, aligned {percent(own)}"
    return svg(24, label, [bar, way, dot(axis.place(base), 12, 4, "base"), dot(axis.place(own), 12, 4.5, "own")])


def change_bars(changes: Sequence[float], height: int = 120) -> Markup:
    """Each item's change in score as a bar, best first; above the line is closer to the survey."""
    ordered = sorted(changes, reverse=True)
    top, bottom = max(0.0, ordered[0]), min(0.0, ordered[-1])
    unit = height / ((top - bottom) or 1.0)
    width = 100 / len(ordered)
    rect = Markup('<rect class="{}" x="{:.3f}%" y="{:.2f}" width="{:.3f}%" height="{:.2f}"/>')
    bars = []
    for k, c in enumerate(ordered):
        place = (k + 0.12) * width, (top - max(c, 0.0)) * unit, 0.76 * width, max(abs(c) * unit, 0.75)
        bars.append(rect.format("own" if c > 0 else "other", *place))
    closer = sum(c > 0 for c in ordered)
    zero = line("0%", "100%", top * unit, top * unit, "zero")
    return svg(height, f"{closer} of {len(ordered)} items moved closer to the survey", [*bars, zero])


def curve(points: Sequence[tuple[float, float]], label: str, height: int = 96) -> Markup:
    """``(update, value)`` pairs as a line; from 24 points on, a running mean over a tenth of them lies over it."""
    x, y = np.array(points, dtype=float).T
    across = 100 * (x - x.min()) / ((x.max() - x.min()) or 1.0)
    span = (y.max() - y.min()) or 1.0

    def path(values: np.ndarray, kind: str) -> Markup:
        down = 100 * (y.max() - values) / span
        places = " ".join(f"{a:.2f},{b:.2f}" for a, b in zip(across, down, strict=True))
        return Markup('<polyline class="{}" points="{}"/>').format(kind, places)

    noisy = len(y) >= 24
    lines = [path(y, "raw"), path(running_mean(y, len(y) // 10), "trend")] if noisy else [path(y, "trend")]
    plot = Markup(
        '<svg y="6" width="100%" height="{}" viewBox="0 0 100 100" preserveAspectRatio="none" '
        'overflow="visible">{}</svg>'
    ).format(height - 12, Markup("").join(lines))
    ends = [line("0%", "100%", h, h, "grid") for h in (6, height - 6)]
    heights = 6 + (height - 12) * (y.max() - y) / span
    dots = [] if noisy else [dot(f"{a:.2f}%", float(b), 3) for a, b in zip(across, heights, strict=True)]
    return svg(height, f"{label}: from {number(y[0])} to {number(y[-1])}", [*ends, plot, *dots])


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean over the ``2 * width + 1`` values around each place, fewer at the ends."""
    return pd.Series(values).rolling(2 * width + 1, center=True, min_periods=1).mean().to_numpy()


def svg(height: float, label: str | None, shapes: Iterable[Markup]) -> Markup:
    """A picture as wide as its place; decoration where it has no ``label``."""
    name = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg {} width="100%" height="{}">{}</svg>').format(name, height, Markup("").join(shapes))


def line(x1: str, x2: str, y1: float, y2: float, kind: str) -> Markup:
    """From one place to another; ``kind`` is its class in the style sheet."""
    return Markup('<line class="{}" x1="{}" x2="{}" y1="{:.2f}" y2="{:.2f}"/>').format(kind, x1, x2, y1, y2)


def dot(x: str, y: float, radius: float, kind: str = "dot") -> Markup:
    """A circle."""
    return Markup('<circle class="{}" cx="{}" cy="{:.2f}" r="{}"/>').format(kind, x, y, radius)


def difference_labels(axis: Axis) -> Markup:
    """Zero and the ends of the axis under the marks; an end that would touch zero is left out."""
    room = 0.3 * (axis.high - axis.low)
    ends = [(axis.low, "start"), (axis.high, "end")]
    zero = "start" if axis.low == 0.0 else "end" if axis.high == 0.0 else "middle"
    labels = [(0.0, zero), *((value, anchor) for value, anchor in ends if abs(value) > room)]
    return svg(16, None, [name(axis, v, anchor, signed(v, 2)) for v, anchor in sorted(labels)])


def forest_mark(row: Row, axis: Axis) -> Markup:
    """The difference as a dot with its interval, the specificity hollow below it."""
    shapes = [line(axis.place(t), axis.place(t), 0, 44, "grid") for t in axis.ticks]
    shapes.append(line(axis.place(0.0), axis.place(0.0), 0, 44, "zero"))
    shapes += _whisker(row.figure("difference"), axis, 16, "whisker", "dot", 5)
    label = f"difference {change(*row.figure('difference'))}"
    if row.specificity is not None:
        shapes += _whisker(row.figure("specificity"), axis, 31, "whisker thin", "hollow", 4)
        label += f"; specificity {change(*row.figure('specificity'))}"
    return svg(44, label, shapes)


def _whisker(figure: Figures, axis: Axis, y: float, whisker: str, point: str, radius: float) -> list[Markup]:
    value, low, high = figure
    if value is None:
        return []
    shapes = []
    if low is not None and high is not None:
        shapes.append(line(axis.place(low), axis.place(high), y, y, whisker))
    return [*shapes, dot(axis.place(value), y, radius, point)]


def variety_mark(row: Row, height: int = 20) -> Markup:
    """The model's entropy as a dot, the people's as a tick, from none (left) to all options equal (right)."""
    axis = Axis(0.0, 1.0)
    y = height / 2
    people, model = axis.place(row.entropy_survey), axis.place(row.entropy_model)
    shapes = [
        line("0%", "100%", y, y, "grid"),
        line(people, model, y, y, "way"),
        line(people, people, y - 7, y + 7, "people"),
        dot(model, y, 4.5),
    ]
    return svg(height, f"variety {number(row.entropy_model, 2)}, people's {number(row.entropy_survey, 2)}", shapes)


def tint(value: float | None, strength: float, kind: str = "") -> Markup:
    """Classes and colour of a cell on a diverging scale; ``strength`` is 0 to 1, and ``kind`` one class more."""
    if value is None or not math.isfinite(value):
        return Markup('class="{}"').format(f"none {kind}".strip())
    side = "up" if value > 0 else "down"
    return Markup('class="{}" style="--t:{:.0f}%"').format(f"{side} {kind}".strip(), 100 * strength)
