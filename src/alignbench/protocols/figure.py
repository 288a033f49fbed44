"""A figure: what one protocol says about one side."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Interval, interval
from alignbench.protocols.sides import Side, Truth
from alignbench.types import Item

Better = Literal["up", "down"]
# Item -> the people's shares, shape (K,), and those to be scored, shape (draws, K).
Pairs = Mapping[Item, tuple[Array, Array]]
Score = Callable[[Array, Array], Array]

NO_VALUE = Interval(math.nan, math.nan, math.nan, 0)
NO_ITEM = replace(NO_VALUE, note="no item of this kind was answered")


@dataclass(frozen=True)
class Figure:
    """A line of the table; None where a number does not exist.

    Attributes:
        label, kind: of the side: ``method`` for a model, the base too, or ``reference`` for a sanity row.
        direction: ``up`` if higher is better.
        covers: what the interval covers; empty where there is none.
        items: how many it rests on; ``trained`` of them lie in batteries that methods learn or choose from.
        respondents: interviewed people behind it; 0 where the method spoke with its own prompt.
        note: assumptions and warnings that must be shown with it.
    """

    label: str
    kind: str
    protocol: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    direction: Better
    covers: str
    items: int
    trained: int
    respondents: int
    note: str


@dataclass(frozen=True)
class ProtocolMetric:
    """A protocol's measure.

    Attributes:
        protocol: the paper, e.g. ``CLCA``.
        name: of the measure, options included, e.g. ``JS distance (ln)``.
        direction: which way is better.
        about: what a reader must know about how it is computed here.
        low, high: the range of its values.
        interviewed: whether it rests on the interviews, or on the side's own prompt.
        covers: what its interval covers.
    """

    protocol: str
    name: str
    direction: Better
    about: str
    low: float = 0.0
    high: float = 1.0
    interviewed: bool = False
    covers: str = "batteries of items"

    def mean(self, side: Side, truth: Truth, pairs: Pairs, score: Score, *notes: str) -> Figure:
        """The mean of ``score(people's shares, side's shares)`` over items, draws averaged."""
        values = [float(np.mean(score(p, q))) for p, q in pairs.values()]
        found = interval(values, [item.battery for item in pairs], truth.bootstrap) if values else NO_ITEM
        return self.figure(side, truth, list(pairs), found, *notes)

    def figure(self, side: Side, truth: Truth, items: Sequence[Item], found: Interval, *notes: str) -> Figure:
        """The figure of a side, its bounds cut to the range; NaN becomes None."""
        cut = found.within(self.low, self.high)
        value, low, high = (None if math.isnan(x) else x for x in (cut.value, cut.low, cut.high))
        trained = sum(item.id in truth.seen for item in items)
        seen = f"{trained} of {len(items)} items lie in training or validation batteries" if trained else ""
        return Figure(
            label=side.label,
            kind=side.kind,
            protocol=self.protocol,
            metric=self.name,
            value=value,
            low=low,
            high=high,
            direction=self.direction,
            covers="" if low is None or high is None else self.covers,
            items=len(items),
            trained=trained,
            respondents=truth.respondents if self.interviewed else 0,
            note="; ".join(filter(None, (self.about, *notes, seen, found.note, side.note))),
        )
