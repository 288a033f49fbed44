"""The map: where countries and models lie on two axes, and how far a model is from its country.

A World Values Survey has the Inglehart-Welzel map (:mod:`.inglehart_welzel`). Any other survey gets one of its own:
two principal components of the countries' mean answers (ours).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.measures.cultural_map import map_distance
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.protocols import inglehart_welzel as iw
from alignbench.evaluation.protocols.figure import Direction, Figure, Metric
from alignbench.evaluation.protocols.national import made, ordered
from alignbench.evaluation.protocols.sides import Side, Truth
from alignbench.evaluation.statistics import Interval
from alignbench.types import Item

Point = tuple[float, float]
Numbers = tuple[float, ...]

_FEWEST = 3  # countries, without which there is no plane to draw
_TAO = Metric("Tao", "map distance", Direction.down, "Euclidean, to the country's point", high=math.inf)
_OUR_MAP = Metric("own map", "distance", Direction.down, "Euclidean, two principal components; ours", high=math.inf)


@dataclass(frozen=True)
class Chart:
    """A map, linear in the values that it rests on.

    Attributes:
        columns: names of the values, in the order of the next three.
        weights: of the z-scores on either axis; a value that is missing adds nothing.
        questions: ids of the survey's items that it rests on.
        countries: iso3 -> point.
        caption: what it is made of, and what it lacks.
    """

    inglehart_welzel: bool
    axes: tuple[str, str]
    columns: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[Point, ...]
    origin: Point
    questions: tuple[str, ...]
    countries: Mapping[str, Point]
    caption: str

    def place(self, shares: Mapping[str, Array], items: Sequence[Item]) -> Array:
        """Where answers lie, shape (draws, 2).

        Args:
            shares: item id -> shares in the order of ``Item.codes``, shape (draws, K).
        """
        known = {item.id: item for item in items if item.id in shares}
        found = iw.values(shares, known) if self.inglehart_welzel else _positions(shares, known)
        draws = next(iter(shares.values())).shape[0]
        columns = [found.get(name, np.full(draws, math.nan)) for name in self.columns]
        z = (np.stack(columns, axis=-1) - self.means) / self.deviations
        return np.asarray(np.nan_to_num(z) @ np.array(self.weights) + np.array(self.origin))


def chart_of(survey: Survey, block: Sequence[Item], people: pd.DataFrame | None) -> Chart | None:
    """The map of a survey; None where it has too few countries or items.

    Args:
        block: items asked, for a map of the survey's own.
        people: codes of all respondents in the columns :data:`iw.QUESTIONS`, with ``country`` and ``weight``.
    """
    if len(survey.answers) < _FEWEST:
        return None
    questions = iw.held(survey)
    if not questions:
        return _own(survey, block)
    if people is not None and iw.complete(people):
        means, deviations, weights, countries = iw.fitted(people, questions)
        caption = iw.caption("fitted on the respondents of this survey", questions)
        origin = iw.OFFSETS
    else:
        known = {item.id: item for item in survey.items}
        table = _table(survey, lambda shares: iw.values(shares, known), iw.ITEMS)
        means, deviations, weights, origin = *_moments(table), iw.LOADINGS, (0.0, 0.0)
        countries = _points(survey, table, weights)
        caption = iw.caption(
            "published loadings on countries' means, unit ours, as no respondents are at hand", questions
        )
    return Chart(True, iw.AXES, iw.ITEMS, *_plain(means, deviations, weights), origin, questions, countries, caption)


def distances(chart: Chart | None, side: Side, truth: Truth) -> Iterator[Figure]:
    """The side's distance on the map; a map that is not Inglehart and Welzel's is named so, and theirs left empty."""
    none = Interval(math.nan, math.nan, math.nan, 0)
    if chart is None or not chart.inglehart_welzel:
        yield made(_TAO, side, truth, [], none, "this survey does not hold the items of the Inglehart-Welzel map")
    if chart is None:
        return
    metric = _TAO if chart.inglehart_welzel else _OUR_MAP
    items = [truth.survey.item(q) for q in chart.questions if q in side.own]
    if truth.iso3 not in chart.countries or not items:
        yield made(metric, side, truth, [], none, "the country lies not on this map: it lacks most of the items")
        return
    points = chart.place(side.own, truth.survey.items)
    value = float(np.mean(map_distance(points, np.array(chart.countries[truth.iso3]))))
    yield made(metric, side, truth, items, Interval(value, math.nan, math.nan, 0), chart.caption.rstrip("."))


def _own(survey: Survey, block: Sequence[Item]) -> Chart | None:
    known = {item.id: item for item in block if ordered(item)}
    if len(known) < 2:
        return None
    names = tuple(known)
    table = _table(survey, lambda shares: _positions(shares, known), names)
    means, deviations = _moments(table)
    z = np.nan_to_num((table - means) / deviations)
    _, sizes, axes = np.linalg.svd(z, full_matrices=False)
    weights = (axes[:2] * np.sign(axes[:2].sum(axis=1, keepdims=True))).T / math.sqrt(len(names))
    part = sizes**2 / (sizes**2).sum()
    labels = (f"first component ({part[0]:.0%} of the variance)", f"second component ({part[1]:.0%})")
    caption = (
        f"Two principal components of the countries' mean answers to {len(names)} items; no Inglehart-Welzel map, "
        "whose items this survey does not hold."
    )
    countries = _points(survey, table, weights)
    plain = _plain(means, deviations, weights)
    return Chart(False, labels, names, *plain, (0.0, 0.0), names, countries, caption)


def _plain(means: Array, deviations: Array, weights: Array) -> tuple[Numbers, Numbers, tuple[Point, ...]]:
    return tuple(means.tolist()), tuple(deviations.tolist()), tuple((float(x), float(y)) for x, y in weights)


def _positions(shares: Mapping[str, Array], items: Mapping[str, Item]) -> dict[str, Array]:
    """Mean position on each item's scale, from 0 to 1."""
    return {q: shares[q] @ np.linspace(0, 1, len(items[q].codes)) for q in items if q in shares}


def _table(survey: Survey, values: Callable[[Mapping[str, Array]], Mapping[str, Array]], names: Sequence[str]) -> Array:
    """Values of every country, shape (countries, names); NaN where it was not asked."""
    rows = []
    for answers in survey.answers.values():
        found = values({item: np.array(cell.shares) for item, cell in answers.items()})
        rows.append([float(found.get(name, math.nan)) for name in names])
    return np.array(rows)


def _moments(table: Array) -> tuple[Array, Array]:
    """Means and deviations over countries; 0 and 1 where no country has the value, or all have the same."""
    frame = pd.DataFrame(table)
    spread = frame.std(ddof=0).fillna(0).to_numpy()
    return frame.mean().fillna(0).to_numpy(), np.where(spread > 0, spread, 1.0)


def _points(survey: Survey, table: Array, weights: Array) -> dict[str, Point]:
    """Of the countries that have at least half of the values."""
    means, deviations = _moments(table)
    places = np.nan_to_num((table - means) / deviations) @ weights
    there = np.isnan(table).sum(axis=1) <= table.shape[1] / 2
    return {c: (float(x), float(y)) for c, (x, y), kept in zip(survey.answers, places, there, strict=True) if kept}
