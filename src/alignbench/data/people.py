"""Respondents: who they are in words, and what they answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from alignbench.data.survey import Survey

# Where no respondents are at hand. Equal shares of sex, age group and schooling are our assumption.
ASSUMED = (
    "Personas are assumed: the survey at hand holds no respondents, so sex, age and schooling are drawn with equal "
    "shares, and answers one by one from the country's shares of training items."
)
# What CLCA tells of a respondent, besides the country (Liu, Korhonen, Gurevych, ACL 2025).
FIELDS = tuple("settlement region gender age born marital household education profession employment class".split())
_SEXES, _AGES, _SCHOOLING = ("man", "woman"), (18, 80), ("little", "some", "higher")


@dataclass(frozen=True)
class Person:
    """A respondent.

    Attributes:
        words: go after "You are".
        answers: item id -> position in ``Item.codes``.
        fields: what the survey says of them, by the names of :data:`FIELDS`; empty for assumed people.
    """

    words: str
    answers: Mapping[str, int]
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RespondentPanel:
    """All respondents of a country at once.

    Attributes:
        weights: shape (people,), none negative.
        answers: item id -> positions in ``Item.codes``, shape (people,); -1 where there is no valid answer.
    """

    weights: NDArray[np.float64]
    answers: Mapping[str, NDArray[np.int64]]


def assumed(train: Survey, iso3: str, count: int, seed: int) -> tuple[Person, ...]:
    """People made up from the country's shares; see :data:`ASSUMED`."""
    rng = np.random.default_rng([seed, 0])
    answers = train.of(iso3)
    people = []
    for _ in range(count):
        words = f"a {rng.choice(_SEXES)} of {rng.integers(*_AGES)} with {rng.choice(_SCHOOLING)} schooling"
        chosen = {i.id: int(rng.choice(len(i.codes), p=answers[i.id].shares)) for i in train.asked(iso3)}
        people.append(Person(words, chosen))
    return tuple(people)


def restricted(people: tuple[Person, ...], train: Survey) -> tuple[Person, ...]:
    """The same people with their answers to training items alone."""
    known = {item.id for item in train.items}
    return tuple(replace(p, answers={i: a for i, a in p.answers.items() if i in known}) for p in people)
