"""Whose answers are scored: a model, or one of the sanity rows, in the one form that all protocols take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from alignbench.data.survey import Survey
from alignbench.evaluation.board import CEILING, MAJORITY, OTHERS, UNIFORM
from alignbench.evaluation.measures.distributional import with_refusals
from alignbench.evaluation.metrics import Array, distribution
from alignbench.evaluation.score import majority, others_mean, uniform
from alignbench.evaluation.statistics import Bootstrap
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
