"""Protocols of a country's shares: the model speaks once, with its own prompt, for everybody."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from alignbench.evaluation.measures.ordinal import normalised_euclidean_similarity
from alignbench.evaluation.metrics import Array, js_similarity, wasserstein_similarity
from alignbench.evaluation.protocols.figure import Direction, Figure, Metric
from alignbench.evaluation.protocols.sides import Side, Truth
from alignbench.evaluation.statistics import Bootstrap, Interval, interval, ratio
from alignbench.types import Item, Scale

BATTERIES = "batteries of items"

CULTURERL = Metric(
    "CultureRL",
    "1 - JSD (ln)",
    Direction.up,
    "first-token probabilities over the options, both option orders where the survey is asked in both",
    1 - math.log(2),
)
GLOBALOPINIONQA = Metric(
    "GlobalOpinionQA",
    "1 - JS distance (ln)",
    Direction.up,
    "its similarity on this survey's items; square root and natural log as in re-implementations",
    1 - math.sqrt(math.log(2)),
)
OPINIONQA = Metric(
    "OpinionQA",
    "representativeness",
    Direction.up,
    "1 - W1 over the longest way; items with ordered options",
)
CULTURESPA = Metric(
    "CultureSPA",
    "1 - normalised Euclid",
    Direction.up,
    "CultureRL's side score: likeliest against modal option, large scales dominate",
)


def ordered(item: Item) -> bool:
    """Whether the item's options have an order."""
    return item.scale is not Scale.nominal


def national(side: Side, truth: Truth, bootstrap: Bootstrap) -> list[Figure]:
    """The figures of the side's own prompt."""
    return [
        item_mean(CULTURERL, side, truth, lambda p, q: js_similarity(p, q, math.e), bootstrap),
        _culturespa(side, truth, bootstrap),
        item_mean(GLOBALOPINIONQA, side, truth, lambda p, q: js_similarity(p, q, math.e, sqrt=True), bootstrap),
        item_mean(OPINIONQA, side, truth, wasserstein_similarity, bootstrap, [i for i in truth.items if ordered(i)]),
    ]


def item_mean(
    metric: Metric,
    side: Side,
    truth: Truth,
    score: Callable[[Array, Array], Array],
    bootstrap: Bootstrap,
    items: Sequence[Item] | None = None,
) -> Figure:
    """Mean over items of ``score(country's shares, side's shares)``, with its interval over batteries."""
    kept = [item for item in (truth.items if items is None else items) if item.id in side.own]
    values = [float(np.mean(score(truth.shares(item), side.own[item.id]))) for item in kept]
    return made(metric, side, truth, kept, over_items(values, kept, bootstrap))


def made(
    metric: Metric,
    side: Side,
    truth: Truth,
    items: Sequence[Item],
    found: Interval,
    *notes: str,
    people: int = 0,
    covers: str = BATTERIES,
) -> Figure:
    """The figure of a metric; its interval is over what ``covers`` says, and ``people`` were interviewed for it."""
    value, low, high = (None if math.isnan(x) else x for x in (found.value, *metric.cut(found)))
    trained = truth.trained(items)
    seen = f"{trained} of {len(items)} items lie in training or validation batteries" if trained else ""
    return Figure(
        label=side.label,
        kind=side.kind,
        protocol=metric.protocol,
        metric=metric.name,
        value=value,
        low=low,
        high=high,
        direction=metric.direction.name,
        covers=covers if low is not None and high is not None else "",
        items=len(items),
        trained=trained,
        respondents=people,
        note="; ".join(filter(None, (metric.about, *notes, seen, found.note, side.note))),
    )


def over_items(values: Sequence[float], items: Sequence[Item], bootstrap: Bootstrap) -> Interval:
    """Mean with its interval over batteries; NaN where there is no item."""
    if not items:
        return Interval(math.nan, math.nan, math.nan, 0, "no item of this kind was answered")
    return interval(values, [item.battery for item in items], bootstrap)


def _culturespa(side: Side, truth: Truth, bootstrap: Bootstrap) -> Figure:
    """The score falls with a ratio of sums, so the ratio's bounds are those of the score, turned round."""
    items = [item for item in truth.items if item.id in side.own]
    if not items:
        return made(CULTURESPA, side, truth, [], over_items([], [], bootstrap))
    modal = np.array([truth.shares(item).argmax() for item in items])
    widest = np.array([len(item.codes) - 1 for item in items])
    draws = np.broadcast_shapes(*(side.own[item.id].shape[:1] for item in items))
    given = np.stack([np.broadcast_to(side.own[item.id].argmax(axis=-1), draws) for item in items], axis=1)
    value = float(np.mean([normalised_euclidean_similarity(row + 1, modal + 1, widest + 1) for row in given]))
    missed = ((given - modal) ** 2).mean(axis=0)
    found = ratio(missed, widest**2, [item.battery for item in items], bootstrap)
    high, low = (1 - math.sqrt(max(bound, 0.0)) for bound in (found.low, found.high))
    return made(CULTURESPA, side, truth, items, Interval(value, low, high, found.batteries, found.note))
