"""Hofstede's six dimensions from the 24 content questions of the VSM 2013 (manual, Hofstede and Minkov 2013).

The module compares samples of a country's people, at least 20 of them, never single respondents: average many
personas before scoring. Published country scores are not on the same origin, so differences between countries
say more than a distance to the published point.
"""

import math
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.measures.inputs import numbers, on_scale, together
from alignbench.evaluation.metrics import Array
from alignbench.types import check

QUESTIONS = 24
# Of each dimension, twice: weight, question added, question taken away (numbered from 1).
_MANUAL = {
    "PDI": ((35, 7, 2), (25, 20, 23)),
    "IDV": ((35, 4, 1), (35, 9, 6)),
    "MAS": ((35, 5, 3), (35, 8, 10)),
    "UAI": ((40, 18, 15), (25, 21, 24)),
    "LTO": ((40, 13, 14), (25, 19, 22)),
    "IVR": ((35, 12, 11), (40, 17, 16)),
}
DIMENSIONS = tuple(_MANUAL)


class IndexWeights(Enum):
    """Whose weights."""

    manual = "manual"  # the module's own
    culturepark = "culturepark"  # those of its code, and of CultureRL's after it: 25 for (m08 - m10) in MAS, not 35


_FORMULAS = {IndexWeights.manual: _MANUAL, IndexWeights.culturepark: {**_MANUAL, "MAS": ((35, 5, 3), (25, 8, 10))}}


def dimension_scores(
    means: ArrayLike,
    constant: float = 50.0,
    weights: IndexWeights = IndexWeights.manual,
    ends: tuple[float, float] = (1.0, 5.0),
) -> Array:
    """The six indices from the mean answers. Neither end is better.

    Args:
        means: of the 24 questions, shape (..., 24), within ``ends``; NaN where there is none.
        constant: added to every index. The manual leaves it free, to bring scores to 0..100; 50 is CulturePark's.
            It cancels in differences between samples.
        ends: least and largest answer that are let in: the scale's own, or wider ones.

    Returns:
        Shape (..., 6), in the order of :data:`DIMENSIONS`: within ``constant`` +- 4 (w1 + w2) of the dimension; NaN
        where one of its questions has no mean.
    """
    values = numbers(means, "means")
    check(values.shape[-1:] == (QUESTIONS,), "means", values.shape, "give the means of the 24 questions")
    on_scale(values, np.array(ends[0]), np.array(ends[1]), "means")
    indices = [
        sum(weight * (values[..., plus - 1] - values[..., minus - 1]) for weight, plus, minus in formula)
        for formula in _FORMULAS[weights].values()
    ]
    return np.stack(indices, axis=-1) + constant


def vsm13_distance(scores: ArrayLike, published: ArrayLike, per_dimension: bool = False) -> Array:
    """Euclidean distance of the indices to a country's published ones. Lower is better (CulturePark, CultureRL).

    Args:
        scores: shape (..., 6).
        published: shape (..., 6), NaN where Hofstede's table has none; such a dimension is left out.
        per_dimension: divide by the root of the number of dimensions used, so that countries with gaps compare.

    Returns:
        Shape (...), 0 or more; NaN where no dimension is known. Symmetric.
    """
    a, b = together(scores=scores, published=published)
    check(a.shape[-1:] == (len(DIMENSIONS),), "scores", a.shape, f"give the indices {', '.join(DIMENSIONS)}")
    squares = (a - b) ** 2
    known = (~np.isnan(squares)).sum(axis=-1)
    total = np.where(known > 0, np.nansum(squares, axis=-1), math.nan)
    return np.asarray(np.sqrt(total / np.maximum(known, 1) if per_dimension else total))
