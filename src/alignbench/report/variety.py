"""Do a method's models of several cultures still differ, as their peoples do? From the boards of these cultures.

Alignment that is gained by giving everybody the same answer shows here ("Aligned but Flattened"). Answers are known as
shares, so that every figure is an expectation over people drawn from them, for the model and for the survey alike.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alignbench.evaluation.items import BoardEntry
from alignbench.evaluation.measures.diversity import (
    cultural_differentiation,
    diversity_of_shares,
    expected_options,
    modal_share,
)
from alignbench.evaluation.statistics import Bootstrap, Interval, interval
from alignbench.report.numbers import interval as bounds
from alignbench.report.numbers import number, pipe_table
from alignbench.types import Scale

DRAWN = 100
READING = (
    "The same items of the cultures named, seeds averaged, next to people's own figures. D is the mean "
    "distance (0 to 1, as a share of the scale) between the answers of two people of different countries, with what "
    "people of one country differ in; its 95 % interval is over item batteries. Majority is the share of answers that "
    f"are the country's most frequent one; options, how many of an item's options {DRAWN} people use; differentiation, "
    "how far apart the countries lie on ordered items, with people at 1. These carry no interval. D and options below "
    "people's, or majority above it: flattened."
)


@dataclass(frozen=True)
class Variety:
    """One method's models of several cultures together; ``people_`` fields are the survey's own figures."""

    label: str
    cultures: tuple[str, ...]
    items: int
    diversity: Interval
    people_diversity: float
    majority: float
    people_majority: float
    options: float
    people_options: float
    differentiation: float


def varieties(boards: Mapping[str, Sequence[BoardEntry]], bootstrap: Bootstrap) -> list[Variety]:
    """A figure for every method that answered in two cultures or more on the same items.

    Args:
        boards: culture -> what stands on its board; all of one survey, split and model.
    """
    methods: dict[str, dict[str, BoardEntry]] = {}
    for culture, board in boards.items():
        for entry in board:
            if entry.kind in ("base", "method"):
                methods.setdefault(entry.label, {})[culture] = entry
    found = (_variety(label, own, bootstrap) for label, own in methods.items() if len(own) > 1)
    return [variety for variety in found if variety is not None]


def _variety(label: str, own: Mapping[str, BoardEntry], bootstrap: Bootstrap) -> Variety | None:
    first = next(iter(own.values()))
    people_of = [entry.column("survey") for entry in own.values()]
    shared = [k for k in first.items if len({len(people.get(k, ())) for people in people_of}) == 1]
    if not shared:
        return None
    answers_of = [entry.answers() for entry in own.values()]
    people = [np.array([of[item] for of in people_of]) for item in shared]
    model = [np.array([of[item].mean(axis=0) for of in answers_of]) for item in shared]
    scale, battery = first.column("scale"), first.column("battery")
    nominal = [scale[item] == Scale.nominal.name for item in shared]
    ordered = [pair for pair, free in zip(zip(model, people, strict=True), nominal, strict=True) if not free]
    return Variety(
        label=label,
        cultures=tuple(own),
        items=len(shared),
        diversity=interval(diversity_of_shares(model, nominal), [battery[item] for item in shared], bootstrap),
        people_diversity=float(diversity_of_shares(people, nominal).mean()),
        majority=float(modal_share(model, people).mean()),
        people_majority=float(modal_share(people, people).mean()),
        options=float(expected_options(model, DRAWN).mean()),
        people_options=float(expected_options(people, DRAWN).mean()),
        differentiation=cultural_differentiation(*zip(*ordered, strict=True)) if ordered else math.nan,
    )


def plain(variety: Variety) -> dict[str, Any]:
    """The figures for a table."""
    facts = {k: v for k, v in vars(variety).items() if k != "diversity"}
    d = variety.diversity
    return {**facts, "cultures": " ".join(variety.cultures), "D": d.value, "D_low": d.low, "D_high": d.high}


def markdown(found: Sequence[tuple[str, Variety]]) -> str:
    """One table of the figures, each after the name of its model, people's own in brackets."""
    titles = ("method", "model", "cultures", "items", "D, 95 % (people)", "majority (people)", "options (people)")
    rows = []
    for model, one in found:
        d = one.diversity
        figures = (
            f"{number(d.value)} {bounds(d.low, d.high)} ({number(one.people_diversity)})",
            f"{number(one.majority)} ({number(one.people_majority)})",
            f"{number(one.options, 2)} ({number(one.people_options, 2)})",
            number(one.differentiation),
        )
        rows.append((one.label, model, ", ".join(one.cultures), str(one.items), *figures))
    return pipe_table((*titles, "differentiation"), rows, 3)
