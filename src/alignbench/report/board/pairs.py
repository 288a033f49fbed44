"""Each culture's model of one method on each culture's survey: what specificity over all pairs is computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from alignbench.evaluation.items import Scored
from alignbench.evaluation.metrics import Array

# Culture of the model -> culture of the survey -> item id -> the model's scores there, shape (seeds,).
Crossed = Mapping[str, Mapping[str, Mapping[str, Array]]]


def crossed(entries: Mapping[str, Scored], similarity: Callable[[Array, Array], Array]) -> Crossed:
    """Scores of all models on all surveys, on the items that both countries were asked with the same options.

    The answers are those on the boards themselves, so that nothing is asked again.

    Args:
        entries: culture -> the method's entry on the board of that culture.
        similarity: of answers, shape (seeds, options), to shares, shape (options,): that of the benchmark.
    """
    people = {culture: entry.column("survey") for culture, entry in entries.items()}
    answers = {culture: _answers(entry) for culture, entry in entries.items()}
    return {
        model: {
            survey: {
                item: similarity(given, np.asarray(shares[item]))
                for item, given in own.items()
                if len(shares.get(item, ())) == given.shape[-1]
            }
            for survey, shares in people.items()
        }
        for model, own in answers.items()
    }


def _answers(entry: Scored) -> dict[str, Array]:
    """Item id -> shares of each seed, shape (seeds, options)."""
    seeds = zip(*(frame["distribution"] for frame in entry.frames), strict=True)
    return {item: np.stack(list(shares)) for item, shares in zip(entry.items, seeds, strict=True)}
