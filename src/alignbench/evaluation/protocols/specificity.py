"""Specificity: every culture's model against every culture's survey, with no new answers.

A method that only learns the format of a survey does as well on any country's figures. What is the culture shows on
the diagonal: on the figures of a country, its own model minus the mean of the other countries' models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alignbench.evaluation.metrics import Array, js_similarity
from alignbench.evaluation.statistics import Bootstrap, Difference, paired

# Item id -> shares in the order of ``Item.codes``.
Shares = Mapping[str, Sequence[float]]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Scores, 1 - JSD (base 2), on the items that all the countries were asked.

    Attributes:
        scores: models in rows, surveys in columns, shape (cultures, cultures).
        base: of the model that was not aligned, shape (cultures,); None where it was not asked.
        own_minus_others: per survey: its own culture's model minus the mean of the others.
    """

    cultures: tuple[str, ...]
    scores: Array
    base: Array | None
    own_minus_others: tuple[Difference, ...]
    overall: Difference
    items: int
    seeds: int


def matrix(
    models: Mapping[str, Sequence[Shares]],
    base: Shares | None,
    truths: Mapping[str, Shares],
    batteries: Mapping[str, str],
    bootstrap: Bootstrap,
) -> Matrix | None:
    """Score every model on every survey; None for fewer than two cultures, or if they share no item.

    Args:
        models: culture -> answers of its model, one per seed; scores are averaged over seeds.
        truths: culture -> the country's shares; the same cultures.
    """
    cultures = tuple(models)
    shared = [item for item in batteries if all(item in truths[culture] for culture in cultures)]
    if len(cultures) < 2 or not shared:
        return None

    def scored(answers: Sequence[Shares], culture: str) -> Array:
        truth = truths[culture]
        by_seed = [[float(js_similarity(truth[item], seed[item])) for item in shared] for seed in answers]
        return np.asarray(np.mean(by_seed, axis=0))

    by_item = np.array([[scored(models[row], column) for column in cultures] for row in cultures])
    clusters = [batteries[item] for item in shared]
    n = len(cultures)
    own = by_item[np.arange(n), np.arange(n)]
    others = (by_item.sum(axis=0) - own) / (n - 1)
    return Matrix(
        cultures,
        by_item.mean(axis=-1),
        None if base is None else np.array([scored([base], culture).mean() for culture in cultures]),
        tuple(paired(own[k], others[k], clusters, bootstrap) for k in range(n)),
        paired(own.mean(axis=0), others.mean(axis=0), clusters, bootstrap),
        len(shared),
        max(len(seeds) for seeds in models.values()),
    )
