"""Divergences and distances between answer distributions that :mod:`alignbench.evaluation.metrics` does not have."""

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.measures.inputs import numbers
from alignbench.evaluation.metrics import Array, distribution
from alignbench.types import check


def kl_divergence(p: ArrayLike, q: ArrayLike, epsilon: float = 1e-6) -> Array:
    """KL(p || q) = sum_k p_k ln(p_k / q_k), Kullback and Leibler 1951. Lower is better; 0 for equal distributions.

    KL is not symmetric, and papers differ: CLCA's text has p = model, q = survey; its code, and that of MENAValues,
    p = survey, q = model.

    Args:
        p, q: shares, shape (..., K); leading axes broadcast.
        epsilon: added to every share of both, which are then normalised again. MENAValues' code adds 1e-9, CLCA's
            adds nothing; the result depends on it wherever q is 0; with 0 such a divergence is infinite.

    Returns:
        Shape (...), within [0, inf).
    """
    check(epsilon >= 0, "epsilon", epsilon, "smoothing adds a share of 0 or more")
    shares = (distribution(values, name) for values, name in ((p, "p"), (q, "q")))
    first, second = ((side + epsilon) / (1 + epsilon * side.shape[-1]) for side in shares)
    shapes = (first.shape, second.shape)
    check(first.shape[-1] == second.shape[-1], "p, q", shapes, "both must have the same number of options")
    from scipy.special import rel_entr

    return np.asarray(np.maximum(rel_entr(first, second).sum(axis=-1), 0.0))


def with_refusals(p: ArrayLike, rate: ArrayLike) -> Array:
    """Shares with one option more: the refused or unparsable answers (CLCA section 5, "extra category").

    Args:
        p: shares among the answers given, shape (..., K).
        rate: share of answers refused, shape (...), within [0, 1]. A survey's own is 0.

    Returns:
        Shape (..., K + 1), sum 1, the refusals last.
    """
    shares, refused = distribution(p, "p"), numbers(rate, "rate")[..., None]
    check(bool(((refused >= 0) & (refused <= 1)).all()), "rate", refused.tolist(), "a rate lies between 0 and 1")
    given = shares * (1 - refused)
    return np.concatenate([given, np.broadcast_to(refused, (*given.shape[:-1], 1))], axis=-1)
