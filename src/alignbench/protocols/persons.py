"""Protocols that compare each answer with the person's own: they need real respondents."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from alignbench.evaluation.measures.ordinal import hard_accuracy, soft_accuracy
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Interval, over_people
from alignbench.protocols.figure import NO_VALUE, Figure, Pairs, ProtocolMetric, Side, Truth, histogram
from alignbench.protocols.interviews import Choices
from alignbench.protocols.shares import ordered, wasserstein_distance
from alignbench.types import Item, Scale

NO_RESPONDENTS = (
    "needs respondents' own answers, which this survey does not hold: survey=wvs7_official with your download, or "
    "survey=world"
)
_LIKELIEST = "the model's answer is its likeliest option, or what it writes (task.answers); a refusal is wrong"
_of_people = partial(ProtocolMetric, interviewed=True, covers="respondents")
_EXACT = _of_people("CLCA", "exact match", "up", f"mean over people of their share of hits; {_LIKELIEST}")
_HARD = _of_people("AlKhamissi", "hard", "up", f"mean over answers, no vote over paraphrases; {_LIKELIEST}")
_SOFT = _of_people("AlKhamissi", "soft", "up", f"1 - distance over the scale, nominal all or nothing; {_LIKELIEST}")
_SAMPLES = ProtocolMetric(
    "WorldValuesBench",
    "Wasserstein, individual",
    "down",
    "answers of the interviewed against their own answers, scale from 0 to 1, refusals dropped, ordered options",
    interviewed=True,
)


def persons(side: Side, truth: Truth) -> Iterator[Figure]:
    """The figures of the interviews, person by person; without respondents' own answers they have no value."""
    items = [item for item in truth.items if item.id in side.crowd]
    if truth.people is None:
        for metric in (_EXACT, _HARD, _SOFT, _SAMPLES):
            yield replace(metric.figure(side, truth, items, NO_VALUE), respondents=0, note=NO_RESPONDENTS)
        return
    hits, soft = _scores(side, truth, truth.people)
    asked = (~np.isnan(hits)).sum(axis=1)
    correct, near = np.nansum(hits, axis=1), np.nansum(soft, axis=1)
    each = np.divide(correct, asked, out=np.zeros(len(asked)), where=asked > 0)
    chance = "" if side.choices is not None else "expected score of answers drawn from its shares"
    for metric, sums, counts in ((_EXACT, each, asked > 0), (_HARD, correct, asked), (_SOFT, near, asked)):
        found = Interval(*over_people(sums, counts, truth.bootstrap.confidence), batteries=0)
        yield metric.figure(side, truth, items, found, chance)
    yield _SAMPLES.mean(side, truth, _samples(side, truth, truth.people), wasserstein_distance)


def _scores(side: Side, truth: Truth, people: Choices) -> tuple[Array, Array]:
    """Hits and soft scores, shape (people, items); NaN where the person gave no answer or the side has none.

    A side without choices gets what answers drawn from its shares would score on average.
    """
    hits, soft = (np.full(people.shape, math.nan) for _ in range(2))
    for place, item in enumerate(truth.items):
        if item.id not in side.crowd:
            continue
        own = people[:, place]
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


def _samples(side: Side, truth: Truth, people: Choices) -> Pairs:
    """Answers of the people who gave one, and what was answered in their place; ordered items only."""
    found = {}
    for place, item in enumerate(truth.items):
        known = people[:, place] >= 0
        if not (ordered(item) and known.any() and item.id in side.crowd):
            continue
        given = _given(side, item, place, known)
        if given is not None:
            found[item] = (histogram(people[known, place], len(item.codes))[:-1] / known.sum(), given)
    return found


def _given(side: Side, item: Item, place: int, known: NDArray[np.bool_]) -> Array | None:
    """Shares among the answers given in the place of these people; None where all were refused."""
    if side.choices is None:
        return side.answered(item)
    counts = histogram(side.choices[known, place], len(item.codes))[:-1]
    return counts / counts.sum() if counts.any() else None
