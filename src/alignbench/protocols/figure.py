"""A figure: what one protocol says about a side, which is a model or one of the sanity rows."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from alignbench.data.survey import Survey
from alignbench.evaluation.board import CEILING, MAJORITY, OTHERS, UNIFORM
from alignbench.evaluation.measures.distributional import with_refusals
from alignbench.evaluation.metrics import Array, distribution
from alignbench.evaluation.score import majority, others_mean, uniform
from alignbench.evaluation.statistics import Bootstrap, Interval, interval
from alignbench.protocols.interviews import Choices
from alignbench.types import Item

_DRAWS = 200


@dataclass(frozen=True, eq=False)
class Truth:
    """What a country answered.

    Attributes:
        items: of the block, those that the country was asked.
        survey: of these items and those of the map.
        seen: ids of items in training or validation batteries.
        people: own answers of the interviewed, index into ``Item.codes`` or negative where there is none, shape
            (people, items); None where the survey holds no respondents.
        respondents: how many people are interviewed.
        bootstrap: how intervals over batteries are made.
    """

    survey: Survey
    iso3: str
    items: tuple[Item, ...]
    seen: frozenset[str]
    people: Choices | None
    respondents: int
    bootstrap: Bootstrap

    def shares(self, item: Item) -> Array:
        """The country's shares, in the order of ``Item.codes``."""
        return distribution(self.survey.of(self.iso3)[item.id].shares, item.id)


@dataclass(frozen=True, eq=False)
class Side:
    """Answers to be scored.

    Attributes:
        kind: ``method`` for a model, ``reference`` for a sanity row.
        own: item id -> shares under the own prompt, shape (draws, K); several draws stand for chance and are averaged.
        crowd: item id -> shares of the interviewed people's answers, refusals last, shape (draws, K + 1).
        choices: the answer of each person, shape (people, items of :class:`Truth`); None where every person is
            answered for by chance, with the shares of ``crowd``.
    """

    label: str
    kind: str
    own: Mapping[str, Array]
    crowd: Mapping[str, Array]
    choices: Choices | None = None
    note: str = ""

    def answered(self, item: Item) -> Array | None:
        """Shares among the answers that the interviewed gave, shape (draws, K); None where all were refused."""
        shares = self.crowd[item.id][..., :-1]
        total = shares.sum(axis=-1, keepdims=True)
        return shares / total if bool((total > 0).all()) else None


def model_side(label: str, own: Mapping[str, Array], choices: Choices, items: Sequence[Item], note: str) -> Side:
    """A model: its distributions under its own prompt, and what it chose for each person."""
    crowd = {i.id: histogram(choices[:, place], len(i.codes)) for place, i in enumerate(items)}
    shares = {name: counts[None] / counts.sum() for name, counts in crowd.items()}
    return Side(label, "method", {name: dist[None] for name, dist in own.items()}, shares, choices, note)


def histogram(choices: NDArray[np.int8], options: int) -> NDArray[np.int64]:
    """How often each option was chosen, refusals last, shape (options + 1,)."""
    return np.bincount(np.where(choices < 0, options, choices), minlength=options + 1)


def references(truth: Truth, ceiling_n: int) -> list[Side]:
    """Uniform answers, the majority's, the mean of the other countries, a fresh sample of respondents.

    The sample has as many people as the source says (else ``ceiling_n``) for the own prompt, and as many as were
    interviewed for the crowd.
    """
    survey, iso3 = truth.survey, truth.iso3
    shown = {UNIFORM: uniform(survey, iso3), MAJORITY: majority(survey, iso3), OTHERS: others_mean(survey, iso3)}
    sides = []
    for label, shares in shown.items():
        if shares:
            own = {name: dist[None] for name, dist in shares.items()}
            crowd = {name: with_refusals(dist, np.zeros(1)) for name, dist in own.items()}
            sides.append(Side(label, "reference", own, crowd))
    return [*sides, _sample(truth, ceiling_n)]


def _sample(truth: Truth, ceiling_n: int) -> Side:
    own, crowd = {}, {}
    for item in truth.survey.asked(truth.iso3):
        shares = truth.shares(item)
        n = truth.survey.of(truth.iso3)[item.id].sample(ceiling_n)
        rng = np.random.default_rng([truth.bootstrap.seed, crc32(item.id.encode())])
        own[item.id] = rng.multinomial(n, shares, size=_DRAWS) / n
        people = rng.multinomial(truth.respondents, shares, size=_DRAWS) / truth.respondents
        crowd[item.id] = with_refusals(people, np.zeros(_DRAWS))
    return Side(CEILING, "reference", own, crowd)


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
        part: of the block's items that it rests on; empty for all of them.
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
    part: str = ""


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
