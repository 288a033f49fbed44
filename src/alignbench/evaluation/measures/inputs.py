"""Checks that the measures share."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignbench.errors import AlignbenchError
from alignbench.evaluation.metrics import Array, distribution
from alignbench.types import check

Integers: TypeAlias = NDArray[np.int64]

# Index of "no option chosen": the answer was refused or could not be read.
REFUSED = -1


def numbers(values: ArrayLike, name: str) -> Array:
    """``values`` as floats: not empty, NaN allowed, no infinity."""
    array = np.asarray(values, dtype=np.float64)
    check(array.size > 0, name, array.shape, "give at least one value")
    check(not bool(np.isinf(array).any()), name, array.tolist(), "values must be finite, or NaN where there is none")
    return array


def together(**values: ArrayLike) -> list[Array]:
    """The values as :func:`numbers`, broadcast against each other; named as the caller names them."""
    arrays = {name: numbers(given, name) for name, given in values.items()}
    try:
        return [np.asarray(array) for array in np.broadcast_arrays(*arrays.values())]
    except ValueError:
        shapes = [array.shape for array in arrays.values()]
        raise AlignbenchError(", ".join(arrays), shapes, "these shapes do not fit together") from None


def on_scale(values: Array, low: Array, high: Array, name: str) -> None:
    """Raise unless every value that is not NaN lies within its scale, and every scale has a range."""
    check(bool((high > low).all()), "low, high", (low.tolist(), high.tolist()), "the scale must end above its start")
    inside = np.isnan(values) | ((values >= low) & (values <= high))
    check(bool(inside.all()), name, values.tolist(), "values must lie on the scale; use NaN for a refused answer")


def rows_of_shares(shares: Sequence[ArrayLike], name: str) -> list[Array]:
    """One checked distribution per item; items may differ in their number of options."""
    check(len(shares) > 0, name, len(shares), "give at least one item")
    rows = [distribution(row, name) for row in shares]
    check(all(row.ndim == 1 for row in rows), name, [row.shape for row in rows], "give one distribution per item")
    return rows


def option_indices(choices: ArrayLike, options: Sequence[int], name: str) -> Integers:
    """One option index per item, each below the item's number of options, or :data:`REFUSED`."""
    array = np.asarray(choices)
    check(array.shape == (len(options),), name, array.shape, f"give one choice for each of the {len(options)} items")
    check(np.issubdtype(array.dtype, np.integer), name, str(array.dtype), "choices are option indices from 0")
    inside = (array >= REFUSED) & (array < np.asarray(options))
    check(bool(inside.all()), name, array.tolist(), "an index must name an option of its item, or be -1 (refused)")
    return array.astype(np.int64)
