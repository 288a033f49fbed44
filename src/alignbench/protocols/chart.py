"""The map: where countries and models lie on two axes, and how far a model is from its country.

A World Values Survey has the Inglehart-Welzel map (:mod:`.inglehart_welzel`). For any other survey we make one:
two principal components of the countries' mean answers (ours).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.measures.cultural_map import ITEMS, LOADINGS, OFFSETS, map_distance
from alignbench.evaluation.metrics import Array
from alignbench.protocols import inglehart_welzel as iw
from alignbench.protocols.figure import NO_VALUE, Figure, ProtocolMetric, Side, Truth
from alignbench.protocols.shares import ordered
from alignbench.types import Item

Place = tuple[float, float]
Numbers = tuple[float, ...]
# Values by name from shares by item, shape (..., K).
Values = Callable[[Mapping[str, Array]], dict[str, Array]]

_FEWEST = 3  # countries, without which there is no plane to draw
_TAO = ProtocolMetric("Tao", "map distance", "down", "Euclidean, to the country's point", high=math.inf)
_OUR_MAP = replace(_TAO, protocol="own map", name="distance", about="Euclidean, two principal components; ours")


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
    means: Numbers
    deviations: Numbers
    weights: tuple[Place, ...]
    origin: Place
    questions: tuple[str, ...]
    countries: Mapping[str, Place]
    caption: str

    def place(self, shares: Mapping[str, Array], items: Sequence[Item]) -> Array:
        """Where answers lie, shape (draws, 2).

        Args:
            shares: item id -> shares in the order of ``Item.codes``, shape (draws, K).
        """
        found = _values(items, self.inglehart_welzel)(shares)
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
        return _own(survey, [item for item in block if ordered(item)])
    if people is not None and people[list(iw.QUESTIONS)].notna().any().all():
        how, origin = "fitted on the respondents of this survey", OFFSETS
        means, deviations, weights, countries = iw.fitted(people, questions)
    else:
        how, origin = "published loadings on countries' means, unit ours, as no respondents are at hand", (0.0, 0.0)
        z, means, deviations = _standardised(survey, _values(survey.items, True), ITEMS)
        weights, countries = LOADINGS, _points(survey, z, LOADINGS)
    plain, caption = _plain(means, deviations, weights), iw.caption(how, questions)
    return Chart(True, iw.AXES, ITEMS, *plain, origin, questions, countries, caption)


def distances(chart: Chart | None, side: Side, truth: Truth) -> Iterator[Figure]:
    """The side's distance on the map; a map that is not Inglehart and Welzel's is named so, and theirs left empty."""
    if chart is None or not chart.inglehart_welzel:
        yield _TAO.figure(side, truth, (), NO_VALUE, "this survey does not hold the items of the Inglehart-Welzel map")
    if chart is None:
        return
    metric = _TAO if chart.inglehart_welzel else _OUR_MAP
    items = [truth.survey.item(q) for q in chart.questions if q in side.own]
    if truth.iso3 not in chart.countries or not items:
        lacking = "the country lies not on this map: it lacks most of the items"
        yield metric.figure(side, truth, (), NO_VALUE, lacking)
        return
    points = chart.place(side.own, truth.survey.items)
    value = float(np.mean(map_distance(points, np.array(chart.countries[truth.iso3]))))
    yield metric.figure(side, truth, items, replace(NO_VALUE, value=value), chart.caption.rstrip("."))


def _own(survey: Survey, items: Sequence[Item]) -> Chart | None:
    if len(items) < 2:
        return None
    names = tuple(item.id for item in items)
    z, means, deviations = _standardised(survey, _values(items, False), names)
    _, sizes, axes = np.linalg.svd(np.nan_to_num(z), full_matrices=False)
    weights = (axes[:2] * np.sign(axes[:2].sum(axis=1, keepdims=True))).T / math.sqrt(len(names))
    part = sizes**2 / (sizes**2).sum()
    labels = (f"first component ({part[0]:.0%} of the variance)", f"second component ({part[1]:.0%})")
    caption = (
        f"Two principal components of the countries' mean answers to {len(names)} items; no Inglehart-Welzel map, "
        "whose items this survey does not hold."
    )
    plain, countries = _plain(means, deviations, weights), _points(survey, z, weights)
    return Chart(False, labels, names, *plain, (0.0, 0.0), names, countries, caption)


def _plain(means: Array, deviations: Array, weights: Array) -> tuple[Numbers, Numbers, tuple[Place, ...]]:
    return tuple(means.tolist()), tuple(deviations.tolist()), tuple((float(x), float(y)) for x, y in weights)


def _values(items: Sequence[Item], inglehart_welzel: bool) -> Values:
    """The map's values: those of Inglehart and Welzel, or each item's mean position on its scale, from 0 to 1."""
    known = {item.id: item for item in items}
    if inglehart_welzel:
        return lambda shares: iw.values(shares, known)
    return lambda shares: {q: shares[q] @ np.linspace(0, 1, len(known[q].codes)) for q in known if q in shares}


def _standardised(survey: Survey, values: Values, names: Sequence[str]) -> tuple[Array, Array, Array]:
    """z-scores of every country's values, NaN where it was not asked, and the values' means and deviations.

    Shapes (countries, names), (names,), (names,). Means and deviations are 0 and 1 where no country has the value, and
    deviations 1 where all have the same.
    """
    shares = [{item: np.array(cell.shares) for item, cell in answers.items()} for answers in survey.answers.values()]
    table = pd.DataFrame([values(of_country) for of_country in shares], columns=list(names), dtype=float)
    means, spread = table.mean().fillna(0).to_numpy(), table.std(ddof=0).fillna(0).to_numpy()
    deviations = np.where(spread > 0, spread, 1.0)
    return (table.to_numpy() - means) / deviations, means, deviations


def _points(survey: Survey, z: Array, weights: Array) -> dict[str, Place]:
    """The points of the countries that have at least half of the values."""
    there = np.isnan(z).sum(axis=1) <= z.shape[1] / 2
    places = np.nan_to_num(z) @ weights
    return {c: (float(x), float(y)) for c, (x, y), kept in zip(survey.answers, places, there, strict=True) if kept}
