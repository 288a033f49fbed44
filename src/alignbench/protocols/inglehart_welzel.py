"""The ten values of the Inglehart-Welzel map from the questions of World Values Survey wave 7 (Tao et al. 2024)."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.measures.cultural_map import ITEMS, SLOPES, autonomy, fit_map, postmaterialism
from alignbench.evaluation.measures.factors import factor_scores
from alignbench.evaluation.metrics import Array
from alignbench.types import Item

AXES = ("survival to self-expression", "traditional to secular-rational")
# Value -> the question it is the code of, and the last code.
_PLAIN = {
    "A008": ("Q46", 4), "A165": ("Q57", 2), "E018": ("Q45", 3), "E025": ("Q209", 3), "F063": ("Q164", 10),
    "F118": ("Q182", 10), "F120": ("Q184", 10), "G006": ("Q254", 4),
}  # fmt: skip
_GOALS = ("Q154", "Q155")
_QUALITIES = ("Q8", "Q14", "Q15", "Q17")
_LAST = {**dict(_PLAIN.values()), **dict.fromkeys(_GOALS, 4), **dict.fromkeys(_QUALITIES, 2)}
QUESTIONS = tuple(_LAST)


def held(survey: Survey) -> tuple[str, ...]:
    """Ids of the map's questions that a World Values Survey holds; none for any other survey."""
    if not survey.name.startswith("wvs"):
        return ()
    return tuple(i.id for i in survey.items if i.id in _LAST and i.codes == tuple(range(1, _LAST[i.id] + 1)))


def values(shares: Mapping[str, Array], items: Mapping[str, Item]) -> dict[str, Array]:
    """Means of those of the ten values whose questions are all there.

    Every value is linear in the codes, so shares are enough.

    Args:
        shares: id -> shares in the order of ``Item.codes``, shape (..., K).
    """
    mean = {q: shares[q] @ np.array(item.codes, dtype=float) for q, item in items.items() if q in _LAST and q in shares}
    found = {name: mean[question] for name, (question, _) in _PLAIN.items() if question in mean}
    if all(goal in mean for goal in _GOALS):
        found["Y002"] = np.asarray(1.0 + sum(shares[goal][..., [1, 3]].sum(axis=-1) for goal in _GOALS))
    if all(quality in mean for quality in _QUALITIES):
        found["Y003"] = autonomy(*(np.clip(2 - mean[quality], 0, 1) for quality in _QUALITIES))
    return found


def fitted(
    people: pd.DataFrame, questions: Sequence[str]
) -> tuple[Array, Array, Array, dict[str, tuple[float, float]]]:
    """Means, deviations and weights of the ten values, and the countries' points (their people's means).

    Shapes (10,), (10,) and (10, 2); the weights of a value that a model cannot be asked are 0.

    Args:
        people: codes in :data:`QUESTIONS`, ``country`` and ``weight``.
        questions: those that a model can be asked; its point is the map's estimate from them.
    """
    codes = _codes(people)
    chart = fit_map(codes)
    asked = [name in _values_of(questions) for name in ITEMS]
    unit = np.where(asked, np.eye(len(ITEMS)), math.nan)
    weights = np.asarray(SLOPES) * factor_scores(unit, chart.loadings, chart.noise) / chart.spread
    weights[~np.array(asked)] = 0.0
    points = pd.DataFrame(chart.project(codes), columns=["x", "y"])
    points = points.assign(country=people["country"].to_numpy(), weight=people["weight"].to_numpy()).dropna()
    sums = points[["x", "y"]].mul(points["weight"], axis=0).groupby(points["country"]).sum()
    means = sums.div(points.groupby("country")["weight"].sum(), axis=0)
    countries = {str(c): (float(x), float(y)) for c, (x, y) in zip(means.index, means.to_numpy(), strict=True)}
    return chart.means, chart.deviations, weights, countries


def caption(how: str, questions: Sequence[str]) -> str:
    """What the map is made of, and for which of its values there is no item to ask."""
    lacking = [name for name in ITEMS if name not in _values_of(questions)]
    said = f"Inglehart-Welzel map: {how}"
    return f"{said}; without {', '.join(lacking)}, whose questions are not among the items." if lacking else f"{said}."


def _values_of(questions: Sequence[str]) -> set[str]:
    needed = {name: (question,) for name, (question, _) in _PLAIN.items()} | {"Y002": _GOALS, "Y003": _QUALITIES}
    return {name for name, asked in needed.items() if set(asked) <= set(questions)}


def _codes(people: pd.DataFrame) -> Array:
    """The ten values of each respondent, shape (people, 10); codes off their scale are NaN."""
    frame = {q: people[q].where((people[q] >= 1) & (people[q] <= last)).to_numpy(float) for q, last in _LAST.items()}
    first, second = (frame[goal] for goal in _GOALS)
    second = np.where(first == second, math.nan, second)
    found = {name: frame[question] for name, (question, _) in _PLAIN.items()}
    found["Y002"] = postmaterialism(first, second)
    found["Y003"] = autonomy(*(2 - frame[quality] for quality in _QUALITIES))
    return np.stack([found[name] for name in ITEMS], axis=1)
