"""Scores of single answers, code against code."""

import math

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.measures.inputs import numbers, on_scale, together
from alignbench.evaluation.metrics import Array
from alignbench.types import check


def hard_accuracy(answers: ArrayLike, truth: ArrayLike) -> Array:
    """1 where the answer is the person's own, else 0 (AlKhamissi et al. 2024; CLCA's individual accuracy).

    Args:
        answers: codes, any shape; a refused answer (NaN) scores 0.
        truth: codes, broadcast with ``answers``; NaN (not asked) gives NaN.

    Returns:
        0, 1 or NaN in the common shape; the mean is within [0, 1], higher is better.
    """
    given, right = together(answers=answers, truth=truth)
    return np.where(np.isnan(right), math.nan, given == right)


def soft_accuracy(
    answers: ArrayLike, truth: ArrayLike, low: ArrayLike, high: ArrayLike, nominal: ArrayLike = False
) -> Array:
    """1 - |answer - truth| / (high - low); all or nothing on a nominal item (AlKhamissi et al. 2024).

    Args:
        answers: codes, any shape; a refused answer (NaN) scores 0.
        truth: codes, broadcast with ``answers``; NaN (not asked) gives NaN.
        low, high: first and last code of the item's scale; broadcast.
        nominal: whether the options have no order; broadcast.

    Returns:
        The common shape, within [0, 1] or NaN; higher is better.
    """
    given, right, start, end, unordered = together(answers=answers, truth=truth, low=low, high=high, nominal=nominal)
    on_scale(given, start, end, "answers")
    on_scale(right, start, end, "truth")
    graded = np.where(np.isnan(given), 0.0, 1.0 - np.abs(given - right) / (end - start))
    score = np.where(unordered.astype(bool), given == right, graded)
    return np.where(np.isnan(right), math.nan, score)


def normalised_euclidean_similarity(answers: ArrayLike, modal: ArrayLike, options: ArrayLike) -> float:
    """1 - ||a - g|| / ||N - 1|| over the answered items (CultureSPA, Xu et al. 2025; CultureRL's side measure).

    Higher is better. Large scales dominate, since the differences are not scaled item by item.

    Args:
        answers: codes from 1, shape (items,); a refused item (NaN) is left out, as published.
        modal: the country's modal codes, shape (items,).
        options: number of options N, shape (items,).

    Returns:
        Within [0, 1]; NaN if every item was refused.
    """
    given, right, count = (
        numbers(values, name) for values, name in ((answers, "answers"), (modal, "modal"), (options, "options"))
    )
    shapes = (given.shape, right.shape, count.shape)
    check(given.ndim == 1 and len(set(shapes)) == 1, "answers, modal, options", shapes, "give one of each per item")
    on_scale(given, np.ones_like(count), count, "answers")
    on_scale(right, np.ones_like(count), count, "modal")
    valid = ~(np.isnan(given) | np.isnan(right))
    if not valid.any():
        return math.nan
    return float(1.0 - np.linalg.norm((given - right)[valid]) / np.linalg.norm((count - 1)[valid]))
