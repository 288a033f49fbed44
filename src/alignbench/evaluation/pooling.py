"""Figures pooled over cultures, with intervals over both that might have been others: questions and cultures.

Batteries and cultures are two crossed ways of clustering (Cameron, Gelbach and Miller 2011, equation 2.11), as
batteries and seeds are in :mod:`alignbench.evaluation.statistics`, whose variance, critical values and tests are used
as they are: the rows that stand for seeds there are cultures here. Of a mean over cultures the row of a culture is its
own score. An interaction belongs to pairs, and a culture is part of several; its row is the jackknife's pseudo-value,
C x (figure) - (C - 1) x (figure without it), whose mean is the figure again, and whose variance is that of a mean over
pairs (Arvesen 1969, for U-statistics). Every culture's model has its own training, so that the interval holds the
chance in training, too, even of one seed.

Two-way intervals begin at five cultures; with fewer they hold the truth too seldom, and the interval covers the choice
of questions alone: it then speaks of these cultures and no others. Coverage over redrawn questions *and* redrawn
countries of the planted world is in ``tests/evaluation/test_pooling.py``.

The *minimum detectable effect* of a specificity says what the design could have seen. It must not grow with the effect
that was found, as the plain one does: peoples differ more on some questions and between some pairs than on others, and
with them the effect. So effects are taken to follow the peoples (our choice): one of size d adds to every pair and item
d x the divergence of the two peoples there, over its mean. What is left of a method's figures without its own effect
is noise; sought is the smallest d that lies t(1 - alpha / 2) + t(power) standard errors of noise and effect from zero.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import TypeAlias

import numpy as np

from alignbench.evaluation.interaction import ByItem, Interaction
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Bootstrap, weighted

# From so many cultures on an interval covers their choice, too; by coverage, see the module.
ENOUGH = 5
# To this a minimum detectable effect is looked for; one below it is rounding.
_EXACT = 1e-6
# Culture of the model -> culture of the survey -> scores there.
Crossed: TypeAlias = Mapping[str, Mapping[str, ByItem]]
Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Pooled(Interaction):
    """A figure over cultures; ``pairs`` is 0 for a mean.

    Attributes:
        two_way: whether interval, test and minimum detectable effect cover the choice of cultures as well.
    """

    two_way: bool = False


def pooled_mean(figures: Mapping[str, ByItem], batteries: Mapping[str, str], bootstrap: Bootstrap) -> Pooled:
    """The mean over cultures of each culture's mean over its items.

    Args:
        figures: culture -> item id -> a number, or one for each seed; at least one culture, each with an item.
    """
    items = list(dict.fromkeys(item for held in figures.values() for item in held))
    parts = {culture: _Part.of(held, items) for culture, held in figures.items()}
    two_way = len(parts) >= ENOUGH
    means = [part.values.mean(axis=0) for part in parts.values()]
    rows = np.stack(means) if two_way else np.mean(means, axis=0)
    weights = np.mean([part.weights for part in parts.values()], axis=0)
    found = weighted(rows, weights, [batteries[item] for item in items], bootstrap)
    return Pooled(**asdict(found), items=len(items), two_way=two_way)


def pooled_interaction(
    scores: Crossed, people: Crossed, batteries: Mapping[str, str], bootstrap: Bootstrap
) -> Pooled | None:
    """The interaction of model and survey over all pairs of cultures; every pair counts the same.

    Its value is that of :func:`~alignbench.evaluation.interaction.interaction`.

    Args:
        scores: the models' scores; several seeds in the same order everywhere.
        people: the same of models that answer as their people do: what learning everything would bring.

    Returns:
        None where no two cultures were asked the same item.
    """
    own = _by_pair(scores)
    if not own:
        return None
    items = list(dict.fromkeys(item for held in own.values() for item in held))
    parts = {pair: _Part.of(held, items) for pair, held in own.items()}
    cultures = {culture for pair in parts for culture in pair}
    two_way = len(cultures) >= ENOUGH and all(_without(culture, parts) for culture in cultures)
    rows, weights = _rows(parts, two_way), np.mean([part.weights for part in parts.values()], axis=0)
    truth = _by_pair(people)
    shape = _rows({pair: _Part.of({i: truth[pair][i] for i in own[pair]}, items) for pair in parts}, two_way)
    clusters = [batteries[item] for item in items]
    found = weighted(rows, weights, clusters, bootstrap)
    detectable = _detectable(rows, shape, weights, clusters, bootstrap)
    known = asdict(found) | {"detectable": detectable}
    return Pooled(**known, items=len(items), pairs=len(parts), two_way=two_way)


@dataclass(frozen=True)
class _Part:
    """What a culture or a pair adds: ``values`` (seeds, items), which sum to its mean, and ``weights``, to 1."""

    values: Array
    weights: Array

    @classmethod
    def of(cls, held: ByItem, items: Sequence[str]) -> "_Part":
        """From the items that it has a value for to all ``items``."""
        known = {item: np.atleast_1d(np.asarray(value, np.float64)) for item, value in held.items()}
        nothing = np.zeros_like(next(iter(known.values())))
        values = np.stack([known.get(item, nothing) for item in items], axis=1)
        return cls(values / len(known), np.array([item in known for item in items]) / len(known))


def _by_pair(scores: Crossed) -> dict[Pair, dict[str, Array]]:
    """Pair of cultures -> item -> S of :mod:`alignbench.evaluation.interaction`; pairs that share an item."""
    found = {}
    for one, other in combinations(scores, 2):
        cells = [scores[m][s] for m, s in ((one, one), (other, other), (one, other), (other, one))]
        held = {
            item: [np.atleast_1d(np.asarray(cell[item], np.float64)) for cell in cells]
            for item in cells[0]
            if all(item in cell for cell in cells)
        }
        if held:
            found[one, other] = {item: (a + b - c - d) / 2 for item, (a, b, c, d) in held.items()}
    return found


def _rows(parts: Mapping[Pair, _Part], two_way: bool) -> Array:
    """Rows whose mean sums to the figure: pseudo-values (cultures, items), or (seeds, items)."""
    values = np.stack([part.values for part in parts.values()]).mean(axis=0)
    if not two_way:
        return np.asarray(values)
    mean, cultures = values.mean(axis=0), list(dict.fromkeys(culture for pair in parts for culture in pair))
    left = [np.mean([part.values.mean(axis=0) for part in _without(c, parts)], axis=0) for c in cultures]
    pseudo = len(cultures) * mean - (len(cultures) - 1) * np.stack(left)
    # Where a pair shares no item the pseudo-values' mean is near the figure and not the same.
    return np.asarray(pseudo - pseudo.mean(axis=0) + mean)


def _without(culture: str, parts: Mapping[Pair, _Part]) -> list[_Part]:
    return [part for pair, part in parts.items() if culture not in pair]


def _detectable(rows: Array, shape: Array, weights: Array, clusters: Sequence[str], bootstrap: Bootstrap) -> float:
    """The minimum detectable effect as the module defines it.

    NaN where the peoples do not differ, where alike answers show no spread to go by, and where the effect differs so
    much between cultures or questions that no size would be found with a chance of four in five.
    """
    from scipy.optimize import brentq

    size = shape.mean(axis=0).sum()
    if not size > 0:
        return math.nan
    unit = shape / size
    noise, quick = rows - rows.mean(axis=0).sum() * unit, replace(bootstrap, resamples=100)

    def missing(effect: float) -> float:
        """How much larger an effect of this size would have to be; only a standard error is needed."""
        return weighted(noise + effect * unit, weights, clusters, quick).detectable - effect

    ends = missing(0.0), missing(1.0)
    least = float(brentq(missing, 0.0, 1.0, xtol=_EXACT)) if ends[0] > 0 >= ends[1] else math.nan
    return least if least > _EXACT else math.nan
