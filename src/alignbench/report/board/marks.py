"""Marks of the board's page: small inline SVG, and the places that CSS needs."""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

from markupsafe import Markup

from alignbench.evaluation.board import Figures, Row
from alignbench.report.figures import Axis, axis_of, dot, line, name, svg
from alignbench.report.numbers import change, number, signed

_ZERO = 0.0


def difference_axis(rows: Iterable[Row]) -> Axis:
    """The axis that holds zero and every difference and specificity with its interval."""
    return axis_of([_ZERO, *(v for row in rows for of in ("difference", "specificity") for v in row.figure(of))], 4)


def difference_labels(axis: Axis) -> Markup:
    """Zero and the ends of the axis under the marks; an end that would touch zero is left out."""
    room = 0.3 * (axis.high - axis.low)
    ends = [(axis.low, "start"), (axis.high, "end")]
    zero = "start" if axis.low == _ZERO else "end" if axis.high == _ZERO else "middle"
    labels = [(_ZERO, zero), *((value, anchor) for value, anchor in ends if abs(value) > room)]
    return svg(16, None, [name(axis, v, anchor, signed(v, 2)) for v, anchor in sorted(labels)])


def forest_mark(row: Row, axis: Axis) -> Markup:
    """The difference as a dot with its interval, the specificity hollow below it."""
    shapes = [line(axis.place(t), axis.place(t), 0, 44, "grid") for t in axis.ticks]
    shapes.append(line(axis.place(_ZERO), axis.place(_ZERO), 0, 44, "zero"))
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


def tint(value: float | None, strength: float) -> Markup:
    """Classes and colour of a cell on a diverging scale; ``strength`` is 0 to 1."""
    if value is None or not math.isfinite(value):
        return Markup('class="none"')
    return Markup('class="{}" style="--t:{:.0f}%"').format("up" if value > 0 else "down", 100 * strength)


def log_axis(values: Sequence[float]) -> Axis:
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
