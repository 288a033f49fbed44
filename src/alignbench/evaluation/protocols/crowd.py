"""Protocols of interviewed people together: what they answered as a crowd, against the country's shares."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from alignbench.evaluation.measures.distributional import kl_divergence, with_refusals
from alignbench.evaluation.metrics import Array, js_similarity, softmax, wasserstein_similarity
from alignbench.evaluation.protocols.figure import Direction, Figure, Metric
from alignbench.evaluation.protocols.national import made, ordered, over_items
from alignbench.evaluation.protocols.sides import Side, Truth
from alignbench.evaluation.statistics import Bootstrap
from alignbench.types import Item

# Below this distance an item counts as close (WorldValuesBench, recalled).
CLOSE = 0.2
_CROWD = "answers of the interviewed, refusals as an option of their own"
_COMPAT = Metric(
    "CLCA",
    "kl_clca_compat",
    Direction.down,
    "as the authors' code has it: log_softmax over the model's probabilities, KL from the survey; not a divergence "
    "of the two, equal distributions do not score 0",
    high=math.inf,
)
_JS = Metric("CLCA", "JS distance (ln)", Direction.down, _CROWD, high=math.sqrt(math.log(2)))
_AGGREGATE = Metric(
    "WorldValuesBench",
    "Wasserstein, aggregate",
    Direction.down,
    "answers of the interviewed against the country's shares, scale from 0 to 1, refusals dropped, ordered options",
)
_WITHIN = Metric("WorldValuesBench", f"share below {CLOSE}", Direction.up, "items whose aggregate Wasserstein is close")

Score = Callable[[Array, Array], Array]


def crowd(side: Side, truth: Truth, epsilon: float, compat: bool, bootstrap: Bootstrap) -> Iterator[Figure]:
    """The figures of the interviews, persons pooled.

    Args:
        epsilon: of the KL divergence; see :func:`~alignbench.evaluation.measures.distributional.kl_divergence`.
        compat: add the divergence of CLCA's code.
    """

    def mean(metric: Metric, score: Score) -> Figure:
        items = [item for item in truth.items if item.id in side.crowd]
        values = [float(np.mean(score(with_refusals(truth.shares(i), 0.0), side.crowd[i.id]))) for i in items]
        found = over_items(values, items, bootstrap)
        return made(metric, side, truth, items, found, _refused(side), people=truth.respondents)

    name = f"KL(model || survey), eps {epsilon:g}"
    kl = Metric("CLCA", name, Direction.down, f"natural log, P = {_CROWD}; depends on eps", high=math.inf)
    yield mean(kl, lambda p, q: kl_divergence(q, p, epsilon))
    if compat:
        yield mean(_COMPAT, lambda p, q: kl_divergence(p, softmax(q), epsilon=0))
    yield mean(_JS, lambda p, q: 1 - js_similarity(p, q, math.e, sqrt=True))
    yield from _wasserstein(side, truth, bootstrap)


def answered(side: Side, item: Item) -> Array | None:
    """Shares among the answers given, shape (draws, K); None where all were refused."""
    shares = side.crowd[item.id][..., :-1]
    total = shares.sum(axis=-1, keepdims=True)
    return shares / total if bool((total > 0).all()) else None


def _wasserstein(side: Side, truth: Truth, bootstrap: Bootstrap) -> Iterator[Figure]:
    asked = [item for item in truth.items if ordered(item) and item.id in side.crowd]
    given = {item: shares for item in asked if (shares := answered(side, item)) is not None}
    items = list(given)
    values = [1 - float(np.mean(wasserstein_similarity(truth.shares(i), shares))) for i, shares in given.items()]
    for metric, scores in ((_AGGREGATE, values), (_WITHIN, [float(value < CLOSE) for value in values])):
        found = over_items(scores, items, bootstrap)
        yield made(metric, side, truth, items, found, _refused(side), people=truth.respondents)


def _refused(side: Side) -> str:
    return f"{side.refusals:.0%} of the answers refused" if side.refusals else ""
