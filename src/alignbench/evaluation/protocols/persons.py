"""Protocols that compare each answer with the person's own: they need real respondents."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from alignbench.evaluation.measures.ordinal import hard_accuracy, soft_accuracy
from alignbench.evaluation.metrics import Array, wasserstein_similarity
from alignbench.evaluation.protocols.crowd import answered
from alignbench.evaluation.protocols.figure import Direction, Figure, Metric
from alignbench.evaluation.protocols.national import made, ordered, over_items
from alignbench.evaluation.protocols.sides import Side, Truth, histogram
from alignbench.evaluation.statistics import Bootstrap, Interval, over_people
from alignbench.types import Item, Scale

PEOPLE = "respondents"
NO_RESPONDENTS = (
    "needs respondents' own answers, which this survey does not hold: survey=wvs7_official with your download, or "
    "survey=world"
)
_LIKELIEST = "the model's likeliest option is its answer, a refusal is wrong"
_EXACT = Metric("CLCA", "exact match", Direction.up, f"mean over people of their share of hits; {_LIKELIEST}")
_HARD = Metric("AlKhamissi", "hard", Direction.up, f"mean over answers, no vote over paraphrases; {_LIKELIEST}")
_SOFT = Metric("AlKhamissi", "soft", Direction.up, f"1 - distance over the scale, nominal all or nothing; {_LIKELIEST}")
_SAMPLES = Metric(
    "WorldValuesBench",
    "Wasserstein, individual",
    Direction.down,
    "answers of the interviewed against their own answers, scale from 0 to 1, refusals dropped, ordered options",
)


def persons(side: Side, truth: Truth, bootstrap: Bootstrap) -> Iterator[Figure]:
    """The figures of the interviews, person by person; without respondents' own answers they have no value."""
    if truth.people is None:
        for metric in (_EXACT, _HARD, _SOFT, _SAMPLES):
            empty = _of_people(metric, side, truth, (math.nan, math.nan, math.nan))
            yield replace(empty, respondents=0, note=NO_RESPONDENTS)
        return
    hits, soft = _scores(side, truth)
    asked = (~np.isnan(hits)).sum(axis=1)
    correct, near = np.nansum(hits, axis=1), np.nansum(soft, axis=1)
    each = np.divide(correct, asked, out=np.zeros(len(asked)), where=asked > 0)
    for metric, sums, counts in ((_EXACT, each, asked > 0), (_HARD, correct, asked), (_SOFT, near, asked)):
        yield _of_people(metric, side, truth, over_people(sums, counts, bootstrap.confidence))
    yield _wasserstein(side, truth, bootstrap)


def _scores(side: Side, truth: Truth) -> tuple[Array, Array]:
    """Hits and soft scores, shape (people, items); NaN where the person gave no answer or the side has none.

    A side without choices gets what answers drawn from its shares would score on average.
    """
    assert truth.people is not None
    hits, soft = (np.full(truth.people.shape, math.nan) for _ in range(2))
    for place, item in enumerate(truth.items):
        if item.id not in side.crowd:
            continue
        own = truth.people[:, place]
        right = np.where(own < 0, math.nan, own)
        if side.choices is None:
            options = np.arange(len(item.codes))[:, None]
            shares = side.crowd[item.id][:, :-1].mean(axis=0)
        else:
            choice = side.choices[:, place]
            options, shares = np.where(choice < 0, math.nan, choice)[None], np.ones(1)
        last, nominal = len(item.codes) - 1, item.scale is Scale.nominal
        hits[:, place] = shares @ hard_accuracy(options, right[None])
        soft[:, place] = shares @ soft_accuracy(options, right[None], 0, last, nominal)
    return hits, soft


def _of_people(metric: Metric, side: Side, truth: Truth, found: tuple[float, float, float]) -> Figure:
    items = [item for item in truth.items if item.id in side.crowd]
    chance = "" if side.choices is not None else "expected score of answers drawn from its shares"
    people = truth.respondents
    return made(metric, side, truth, items, Interval(*found, batteries=0), chance, people=people, covers=PEOPLE)


def _wasserstein(side: Side, truth: Truth, bootstrap: Bootstrap) -> Figure:
    found = {i: _distance(side, truth, place, i) for place, i in enumerate(truth.items) if ordered(i)}
    items = [item for item, value in found.items() if not math.isnan(value)]
    spread = over_items([found[item] for item in items], items, bootstrap)
    return made(_SAMPLES, side, truth, items, spread, people=truth.respondents)


def _distance(side: Side, truth: Truth, place: int, item: Item) -> float:
    """W1 between the answers given for those people who gave one of their own, and these; NaN without either."""
    assert truth.people is not None
    own, options = truth.people[:, place], len(item.codes)
    known = own >= 0
    if not known.any() or item.id not in side.crowd:
        return math.nan
    if side.choices is None:
        given = answered(side, item)
    else:
        counts = histogram(side.choices[known, place], options)[:-1]
        given = counts / counts.sum() if counts.any() else None
    if given is None:
        return math.nan
    right = histogram(own[known], options)[:-1] / known.sum()
    return 1 - float(np.mean(wasserstein_similarity(right, given)))
