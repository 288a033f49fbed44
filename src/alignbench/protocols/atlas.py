"""The map as a picture: countries, the base model, and an arrow from it to every aligned model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.evaluation.items import BASE
from alignbench.files import replacing, write_table
from alignbench.protocols.chart import Chart, Place
from alignbench.protocols.picture import GREY, INK, LIGHT, PAPER, NamePlacer, lettered
from alignbench.protocols.record import ProtocolRecord

_COLOURS = ("#3b6fb6", "#d9793b", "#3f9b6c", "#8460ab", "#c4475a", "#8a6a4f", "#35a3b5", "#a89a2c", "#cf6fa6")
_MARKERS = "os^vPX*h"

# Of the map itself, in inches.
_SIZE = np.array([9.0, 5.7])


@dataclass(frozen=True)
class Mark:
    """A point of the picture; ``label`` is the iso3 of a country."""

    kind: Literal["country", "base", "model"]
    label: str
    method: str | None
    culture: str | None
    x: float
    y: float

    @property
    def point(self) -> Place:
        """Its coordinates."""
        return self.x, self.y


def marks(records: Sequence[ProtocolRecord]) -> list[Mark]:
    """All points; a model of several seeds lies at their mean."""
    cultures = {record.iso3: record.culture for record in records}
    found = [Mark("country", iso3, None, cultures.get(iso3), *at) for iso3, at in _chart(records).countries.items()]
    found += [Mark("base", BASE, None, None, *record.places[BASE]) for record in records[:1]]
    seeds: dict[tuple[str, str], list[Place]] = {}
    for record in records:
        if record.method in record.places:
            seeds.setdefault((record.method, record.culture), []).append(record.places[record.method])
    for (method, culture), points in seeds.items():
        x, y = (fmean(values) for values in zip(*points, strict=True))
        found.append(Mark("model", f"{method}: {culture}", method, culture, x, y))
    return found


def draw(records: Sequence[ProtocolRecord], path: Path) -> None:
    """Write a PNG, 1500 x 1170 pixels, and next to it its points as CSV; a colour per culture, a marker per method.

    Args:
        records: of one model, survey and block, with a map.
    """
    from matplotlib.figure import Figure

    chart, points = _chart(records), marks(records)
    figure = Figure(figsize=(10, 7.8), dpi=150, facecolor=PAPER)
    axes = figure.add_axes((0.07, 0.165, _SIZE[0] / 10, _SIZE[1] / 7.8), facecolor=PAPER)
    cultures = dict.fromkeys(mark.culture for mark in points if mark.culture)
    colours = {culture: _COLOURS[k % len(_COLOURS)] for k, culture in enumerate(cultures)}
    _frame(axes, points, chart.axes)
    _countries(axes, [mark for mark in points if mark.kind == "country"], colours)
    _models(axes, points, colours)
    _names(axes, points, colours)
    title = f"Where {records[0].model} stands among countries"
    reading = "Arrows lead from the base model to the aligned ones; dotted: what is left to the country of that colour."
    lettered(figure, 0.7, title, reading, _caption(records, chart))
    write_table(path.with_suffix(".csv"), pd.DataFrame(points))
    with replacing(path) as partial:
        figure.savefig(partial, facecolor=PAPER)


def _chart(records: Sequence[ProtocolRecord]) -> Chart:
    chart = records[0].chart
    assert chart is not None
    return chart


def _caption(records: Sequence[ProtocolRecord], chart: Chart) -> str:
    """What the map is, and how many of its questions a method could have learnt from."""
    rests = next((f for r in records for f in r.figures if f.metric.endswith("distance") and f.items), None)
    seen = (
        f"{rests.trained} of its {rests.items} questions lie in training or validation batteries."
        if rests and rests.trained
        else ""
    )
    parts = (chart.caption, seen, "Models answer without a persona.", f"{records[0].survey}.", records[0].warning)
    return " ".join(part for part in parts if part)


def _frame(axes: Any, points: Sequence[Mark], names: tuple[str, str]) -> None:
    places = np.array([mark.point for mark in points])
    low, high = places.min(axis=0), places.max(axis=0)
    # One unit is as long across as up: what counts on the map are distances.
    unit = 1.14 * max((high - low) / _SIZE)
    (left, bottom), (right, top) = (low + high) / 2 - unit * _SIZE / 2, (low + high) / 2 + unit * _SIZE / 2
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.axhline(0, color=LIGHT, linewidth=0.7, zorder=0)
    axes.axvline(0, color=LIGHT, linewidth=0.7, zorder=0)
    axes.set_xlabel(f"{names[0]}  →", fontsize=9.5, color=GREY, loc="right")
    axes.set_ylabel(f"{names[1]}  →", fontsize=9.5, color=GREY, loc="top")
    axes.tick_params(length=0, labelsize=8, labelcolor=GREY)
    for side in axes.spines.values():
        side.set(color=LIGHT, linewidth=0.7)


def _countries(axes: Any, countries: Sequence[Mark], colours: Mapping[str, str]) -> None:
    for mark in countries:
        if mark.culture is None:
            axes.scatter(*mark.point, s=16, color=LIGHT, linewidths=0, zorder=1)
            continue
        colour = colours[mark.culture]
        axes.scatter(*mark.point, s=150, facecolors=PAPER, edgecolors=colour, linewidths=2.2, zorder=3)
        axes.scatter(*mark.point, s=28, color=colour, linewidths=0, zorder=4)


def _models(axes: Any, points: Sequence[Mark], colours: Mapping[str, str]) -> None:
    """The base, the aligned models with their arrows, the rest of their ways, and the legend of methods."""
    methods = list(dict.fromkeys(mark.method for mark in points if mark.method))
    for start, mark, home in _ways(points):
        colour = colours[str(mark.culture)]
        if home is not None:
            axes.plot(*zip(mark.point, home, strict=True), ":", color=colour, linewidth=1.1, alpha=0.75, zorder=2)
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "alpha": 0.8, "mutation_scale": 12}
        ends = {"shrinkA": 6, "shrinkB": 5}
        axes.annotate("", xy=mark.point, xytext=start, arrowprops={**style, **ends}, zorder=4)
        shape = _MARKERS[methods.index(str(mark.method)) % len(_MARKERS)]
        axes.scatter(*mark.point, s=52, color=colour, marker=shape, edgecolors=PAPER, linewidths=0.8, zorder=6)
    for mark in points:
        if mark.kind == "base":
            axes.scatter(*mark.point, s=80, color=INK, marker="D", edgecolors=PAPER, linewidths=1.0, zorder=7)
    for number, method in enumerate(methods):
        axes.scatter([], [], s=52, color=GREY, marker=_MARKERS[number % len(_MARKERS)], label=method)
    if methods:
        axes.legend(loc="best", fontsize=9.5, facecolor=PAPER, edgecolor=LIGHT, borderpad=0.8, labelcolor=INK)


def _ways(points: Sequence[Mark]) -> list[tuple[Place, Mark, Place | None]]:
    """(base, aligned model, its country if that is on the map)."""
    homes = {mark.culture: mark.point for mark in points if mark.kind == "country" and mark.culture}
    start = next(mark.point for mark in points if mark.kind == "base")
    return [(start, mark, homes.get(str(mark.culture))) for mark in points if mark.kind == "model"]


def _names(axes: Any, points: Sequence[Mark], colours: Mapping[str, str]) -> None:
    """Name the countries in question and the base model first, so that theirs get the best places."""
    labels = NamePlacer(axes, _obstacles(points))
    for mark in points:
        if mark.kind == "country" and mark.culture:
            name = mark.culture.replace("_", " ")
            labels.put(name.upper() if len(name) < 4 else name.title(), mark.point, 11, colours[mark.culture], True)
        elif mark.kind == "base":
            labels.put("base model", mark.point, 10.5, INK, True)
    for mark in points:
        if mark.kind == "country" and not mark.culture:
            labels.put(mark.label, mark.point, 7.5, GREY, False)


def _obstacles(points: Sequence[Mark]) -> NDArray[np.float64]:
    """What names should not cover, shape (n, 2): all points, and some along each arrow and each rest of the way."""
    along = [np.array([mark.point for mark in points])]
    steps = np.linspace(0, 1, 40)[:, None]
    for start, mark, home in _ways(points):
        ends = [np.array(start), *([np.array(home)] if home is not None else [])]
        along += [end + steps * (np.array(mark.point) - end) for end in ends]
    return np.concatenate(along)
