"""Do outputs differ between countries as the countries do? Rank correlation of two kinds of distance.

Source: Bhatt and Diaz 2024 (EECC) and mmCultural (arXiv 2508.16762) after it: for each country, the others are
ranked by how unlike their stories are and by cultural distance.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.measures.inputs import numbers
from alignbench.evaluation.metrics import Array
from alignbench.types import check, one_of


def kendall_tau(x: ArrayLike, y: ArrayLike) -> float:
    """Kendall's rank correlation, tau-b: 1 for the same order, -1 for the reverse. Symmetric, corrected for ties.

    Args:
        x, y: shape (n,); a pair with a NaN is left out.

    Returns:
        Within [-1, 1]; NaN if fewer than two pairs are left or one side is constant.
    """
    a, b = numbers(x, "x"), numbers(y, "y")
    check(a.ndim == 1 and a.shape == b.shape, "x, y", (a.shape, b.shape), "give two vectors of the same length")
    known = ~(np.isnan(a) | np.isnan(b))
    constant = np.unique(a[known]).size < 2 or np.unique(b[known]).size < 2
    if constant:
        return math.nan
    from scipy.stats import kendalltau  # half a second, for which --help should not wait

    return float(kendalltau(a[known], b[known]).statistic)


def country_distances(
    vectors: ArrayLike, offset: float = 0.0, standardise: bool = False, metric: str = "euclidean"
) -> Array:
    """Pairwise cultural distance, from Hofstede's six scores or many WVS means.

    Args:
        vectors: shape (countries, dimensions). A country with a NaN is at distance NaN from all.
        offset: taken from every value first; 50 centres Hofstede's scores, which matters only to the cosine.
        standardise: scale each dimension to mean 0 and deviation 1 over the countries.
        metric: "euclidean" or "cosine" (1 - cosine of the angle).

    Returns:
        Shape (countries, countries), symmetric, 0 on the diagonal.
    """
    values = numbers(vectors, "vectors") - offset
    check(values.ndim == 2 and len(values) > 1, "vectors", values.shape, "give a row for each of several countries")
    one_of("metric", metric, ("euclidean", "cosine"))
    if standardise:
        spread = np.nanstd(values, axis=0)
        check(bool((spread > 0).all()), "vectors", spread.tolist(), "a dimension does not vary; leave it out")
        values = (values - np.nanmean(values, axis=0)) / spread
    from scipy.spatial.distance import pdist, squareform

    return np.asarray(squareform(pdist(values, metric)))


def kendall_by_country(output_distance: ArrayLike, cultural_distance: ArrayLike) -> Array:
    """For each country, tau between how unlike the others' outputs and how unlike their cultures are.

    Positive: outputs vary as cultures do; negative: inverse alignment. The score is the mean over countries.

    Args:
        output_distance: between outputs, shape (n, n): 1 - BLEU, word error rate ...; the diagonal is not read.
        cultural_distance: shape (n, n); NaN leaves a country out of that row.

    Returns:
        Shape (n,), within [-1, 1]; NaN where too few others are left or one side is constant.
    """
    output, culture = numbers(output_distance, "output_distance"), numbers(cultural_distance, "cultural_distance")
    shapes = (output.shape, culture.shape)
    square = output.ndim == 2 and output.shape[0] == output.shape[1] and output.shape == culture.shape
    check(square, "output_distance, cultural_distance", shapes, "give two square matrices of the same countries")
    taus = []
    for country, (near, far) in enumerate(zip(output, culture, strict=True)):
        others = np.flatnonzero(~(np.isnan(near) | np.isnan(far)) & (np.arange(len(near)) != country))
        taus.append(kendall_tau(near[others], far[others]) if others.size > 1 else math.nan)
    return np.array(taus)
