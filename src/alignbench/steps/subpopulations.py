"""Subpopulations: the respondents of a country by one trait, how each group answered, and how a model is told of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from alignbench.data.people import Person
from alignbench.steps.texts import rendered
from alignbench.types import Item

# Traits that divide a country, by their names among a respondent's fields, and what a text calls them.
TRAITS = {"gender": "sex", "age": "age", "education": "level of schooling", "settlement": "place of residence"}


class Telling(Enum):
    """How a model is told whom it answers for, after Santurkar et al. 2023; wording ours."""

    qa = "qa"  # a question about the trait, answered
    bio = "bio"  # the group's description of itself
    portray = "portray"  # an instruction


@dataclass(frozen=True)
class Subpopulation:
    """The respondents of a country who share one value of a trait.

    Attributes:
        trait: one of :data:`TRAITS`.
        values: all that the country's groups have of it, this one's among them.
        shares: item id -> shares of the answers, in the order of ``Item.codes``; an item that nobody of the group
            answered is missing.
    """

    trait: str
    value: str
    values: tuple[str, ...]
    people: int
    shares: Mapping[str, tuple[float, ...]]

    def told(self, style: Telling, country: str) -> str:
        """The system text that names country and group."""
        trait = TRAITS[self.trait]
        return rendered(
            f"subpopulation_{style.name}", country=country, trait=trait, value=self.value, values=self.values
        )


def subpopulations(
    people: Iterable[Person], items: Sequence[Item], bands: Sequence[int], least: int
) -> tuple[Subpopulation, ...]:
    """Every group of ``least`` people or more, by trait and value; of a trait that leaves fewer than two, none.

    Args:
        people: each counts once.
        bands: years at which another age band begins, ascending.
    """
    found: dict[str, dict[str, list[Person]]] = defaultdict(lambda: defaultdict(list))
    for person in people:
        for trait in TRAITS:
            if said := person.fields.get(trait):
                found[trait][_band(int(said), bands) if trait == "age" else said].append(person)
    groups = []
    for trait in (trait for trait in TRAITS if trait in found):
        large = {value: members for value, members in sorted(found[trait].items()) if len(members) >= least}
        for value, members in large.items() if len(large) > 1 else ():
            groups.append(Subpopulation(trait, value, tuple(large), len(members), _shares(members, items)))
    return tuple(groups)


def _band(age: int, bands: Sequence[int]) -> str:
    """The words for an age band; they sort by age."""
    below = [start for start in bands if start <= age]
    above = [start for start in bands if start > age]
    first = below[-1] if below else 0
    return f"{first} to {above[0] - 1}" if above else f"{first} and over"


def _shares(members: Sequence[Person], items: Sequence[Item]) -> dict[str, tuple[float, ...]]:
    shares = {}
    for item in items:
        counts = Counter(person.answers[item.id] for person in members if item.id in person.answers)
        if total := counts.total():
            shares[item.id] = tuple(counts[position] / total for position in range(len(item.codes)))
    return shares
