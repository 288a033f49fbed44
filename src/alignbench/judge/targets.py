"""From a judge's graded scores to a distribution over answers.

A verdict of -1/0/+1 pays for the culture's majority answer alone, so a policy trained on it ends in
the mode. These targets let a reward pay for a *distribution* instead: a softmax of the scores whose
temperature is set by one further fact. Our choice; CultureRL as published uses the verdict.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignbench.evaluation.metrics import entropy as normalised_entropy
from alignbench.evaluation.metrics import softmax

Distribution = NDArray[np.float64]


def entropy_matched(scores: ArrayLike, entropy: float) -> Distribution:
    """Softmax of ``scores`` (K,) at the temperature where entropy / ln K equals ``entropy``, within (0, 1]."""
    return _match(np.asarray(scores, dtype=float), lambda p: -float(normalised_entropy(p)), -entropy)


def peak_matched(scores: ArrayLike, peak: float) -> Distribution:
    """Softmax of ``scores`` (K,) at the temperature where the largest probability equals ``peak``, within (0, 1].

    Below 1/K, which no softmax can reach, the result is uniform.
    """
    return _match(np.asarray(scores, dtype=float), lambda p: float(p.max()), peak)


def _match(scores: Distribution, sharpness: Callable[[Distribution], float], wanted: float) -> Distribution:
    """Bisect the inverse temperature; ``sharpness`` grows with it."""
    spread = float(np.ptp(scores))
    if spread == 0:
        return np.full(len(scores), 1 / len(scores))
    low, high = 0.0, 50.0 / spread
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sharpness(softmax(scores * middle)) < wanted else (low, middle)
    return softmax(scores * low)
