"""Is the spread of answers kept? Alignment gained by giving everyone the same answer shows here.

Source of the first three: "Aligned but Flattened" (people in the WVS: D = 37.9, majority rate 49.98, 3.61 options,
all x 100 but the last; models tuned on survey answers: D = 0.5 to 10.6, 1.1 to 1.7 options). There they are counted
over single answers; here they are what people drawn from the shares would give on average.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.metrics import Array, distribution, wasserstein_similarity
from alignbench.types import check


def diversity_of_shares(shares: Sequence[ArrayLike], nominal: Sequence[bool]) -> Array:
    """D, item by item: mean distance of two answers from different countries. 0: all answer alike.

    Compare with the same number for people; neither more nor less than theirs is better.

    Args:
        shares: one array per item, shapes (countries, K_i); options evenly spaced.
        nominal: of each item, whether its options have no order.

    Returns:
        Shape (items,), within [0, 1]: mean over pairs of countries of 1 - soft accuracy of two answers drawn from them.
    """
    check(len(shares) == len(nominal) > 0, "nominal", len(nominal), f"say of each of the {len(shares)} items")
    return np.array([_drawn_apart(_by_country(item), bool(free)) for item, free in zip(shares, nominal, strict=True)])


def modal_share(shares: Sequence[ArrayLike], people: Sequence[ArrayLike]) -> Array:
    """Majority rate: what the model gives to each country's modal option, item by item.

    With ``shares`` = ``people`` it is people's own rate. Of tied options the first is modal.

    Args:
        shares, people: the model's and the survey's, one array per item, shapes (countries, K_i).

    Returns:
        Shape (items,), within [0, 1], the mean over countries.
    """
    pairs = [(_by_country(a), _by_country(b)) for a, b in zip(shares, people, strict=False)]
    same = len(shares) == len(people) > 0 and all(a.shape == b.shape for a, b in pairs)
    check(same, "shares, people", (len(shares), len(people)), "give the same items, countries and options twice")
    return np.array([np.take_along_axis(a, b.argmax(axis=1)[:, None], axis=1).mean() for a, b in pairs])


def expected_options(shares: Sequence[ArrayLike], people: int = 100) -> Array:
    """How many options ``people`` drawn answers are expected to use, item by item. Few means flattened.

    Returns:
        Shape (items,), 1 up to the number of options: the mean over countries of sum_k 1 - (1 - p_k)^people.
    """
    check(people > 0, "people", people, "draw one or more")
    return np.array([(1 - (1 - _by_country(item)) ** people).sum(axis=1).mean() for item in shares])


def cultural_differentiation(model: Sequence[ArrayLike], people: Sequence[ArrayLike]) -> float:
    """Mean pairwise W1 between countries in the model's answers over the same in people's (our measure).

    1: countries as far apart as in the survey; 0: one answer for all; above 1: caricature.

    Args:
        model, people: one array of shares per ordinal item, shapes (countries, K_i), options evenly spaced.

    Returns:
        0 or more; NaN if the countries of the survey do not differ.
    """
    check(len(model) == len(people) > 0, "model, people", (len(model), len(people)), "give the same items twice")
    ours, theirs = ([distribution(x, name) for x in xs] for xs, name in ((model, "model"), (people, "people")))
    shapes = [(a.shape, b.shape) for a, b in zip(ours, theirs, strict=True)]
    fits = all(a == b and len(a) == 2 and a[0] > 1 for a, b in shapes)
    check(fits, "model, people", shapes, "each item needs the shares of the same two countries or more")
    human = np.mean([_spread(item) for item in theirs])
    return float(np.mean([_spread(item) for item in ours]) / human) if human > 0 else math.nan


def _spread(shares: Array) -> float:
    """Mean W1, as a share of the scale, over pairs of countries."""
    one, other = np.triu_indices(len(shares), 1)
    return float(1 - wasserstein_similarity(shares[one], shares[other]).mean())


def _by_country(shares: ArrayLike) -> Array:
    found = distribution(shares, "shares")
    check(found.ndim == 2 and len(found) > 1, "shares", found.shape, "give the shares of two countries or more")
    return found


def _drawn_apart(shares: Array, unordered: bool) -> float:
    """Mean over pairs of countries of the expected distance between an answer of each, as a share of the scale."""
    place = np.arange(shares.shape[1])
    apart = np.abs(place[:, None] - place) / (shares.shape[1] - 1)
    between = shares @ ((apart > 0).astype(np.float64) if unordered else apart) @ shares.T
    return float(between[np.triu_indices(len(shares), 1)].mean())
