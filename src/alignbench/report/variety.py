"""Do a method's models of several cultures still differ, as their peoples do? From the records of a store.

Alignment that is gained by giving everybody the same answer shows here ("Aligned but Flattened"). Answers are known as
shares, so that every figure is an expectation over people drawn from them, for the model and for the survey alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from alignbench.evaluation.measures.diversity import (
    cultural_differentiation,
    diversity_of_shares,
    expected_options,
    modal_share,
)
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Bootstrap, Interval, interval
from alignbench.report.numbers import interval as bounds
from alignbench.report.numbers import number
from alignbench.report.record import CellRecord, ItemRecord
from alignbench.report.variants import variants
from alignbench.types import Scale

DRAWN = 100
# Label of a row, and the items of its cell by id.
Answers: TypeAlias = tuple[str, Mapping[str, ItemRecord]]
READING = (
    "Variety: the same items of the cultures named, seeds averaged, beside people's own figures. D is the mean "
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
    model: str
    survey: str
    split: str
    cultures: tuple[str, ...]
    items: int
    diversity: Interval
    people_diversity: float
    majority: float
    people_majority: float
    options: float
    people_options: float
    differentiation: float


def varieties(records: Sequence[CellRecord], bootstrap: Bootstrap | None = None) -> list[Variety]:
    """A figure for every method (and every recipe of it) that answered in two cultures or more on the same items."""
    names = variants(record.cell for record in records)
    groups: dict[tuple[str, str, str, str], dict[str, list[Answers]]] = {}
    for record in records:
        cell = record.cell
        items = {item.id: item for item in record.items}
        for row in record.rows:
            if row.kind == "method":
                recipe = names[id(cell)] if row is record.aligned else ""
                shown = f"{row.label}, {recipe}" if recipe else row.label
                group = groups.setdefault((shown, cell.model, cell.survey, cell.split), {})
                group.setdefault(cell.culture, []).append((row.label, items))
    found = (_variety(key, group, bootstrap or Bootstrap()) for key, group in groups.items() if len(group) > 1)
    return [variety for variety in found if variety is not None]


def _variety(
    key: tuple[str, str, str, str], group: Mapping[str, Sequence[Answers]], bootstrap: Bootstrap
) -> Variety | None:
    first, *others = (cells[0][1] for cells in group.values())
    shared = [item for item in first.values() if all(_same(item, other.get(item.id)) for other in others)]
    if not shared:
        return None
    people = [np.array([cells[0][1][item.id].survey for cells in group.values()]) for item in shared]
    model = [np.stack([_answers(cells, item.id) for cells in group.values()]) for item in shared]
    nominal = [item.scale == Scale.nominal.name for item in shared]
    ordered = [k for k, free in enumerate(nominal) if not free]
    label, name, survey, split = key
    return Variety(
        label=label,
        model=name,
        survey=survey,
        split=split,
        cultures=tuple(group),
        items=len(shared),
        diversity=interval(diversity_of_shares(model, nominal), [item.battery for item in shared], bootstrap),
        people_diversity=float(diversity_of_shares(people, nominal).mean()),
        majority=float(modal_share(model, people).mean()),
        people_majority=float(modal_share(people, people).mean()),
        options=float(expected_options(model, DRAWN).mean()),
        people_options=float(expected_options(people, DRAWN).mean()),
        differentiation=_differentiation([model[k] for k in ordered], [people[k] for k in ordered]),
    )


def _differentiation(model: Sequence[Array], people: Sequence[Array]) -> float:
    return cultural_differentiation(model, people) if model else math.nan


def _same(item: ItemRecord, other: ItemRecord | None) -> bool:
    return other is not None and len(item.options) == len(other.options)


def _answers(cells: Sequence[Answers], item: str) -> Array:
    """Mean shares over the cells (seeds) of one culture."""
    return np.asarray(np.mean([items[item].models[label] for label, items in cells], axis=0))


def markdown(found: Sequence[Variety]) -> str:
    """One table, people's figures in brackets."""
    figures = "D, 95 % (people) | majority (people) | options (people) | differentiation"
    lines = [f"| method | model | cultures | items | {figures} |", "|---|---|---|--:|---|---|---|--:|"]
    for v in found:
        spread = f"{number(v.diversity.value)} {bounds(v.diversity.low, v.diversity.high)}"
        cells = (
            v.label,
            v.model,
            ", ".join(v.cultures),
            str(v.items),
            f"{spread} ({number(v.people_diversity)})",
            f"{number(v.majority)} ({number(v.people_majority)})",
            f"{number(v.options, 2)} ({number(v.people_options, 2)})",
            number(v.differentiation),
        )
        lines.append("| " + " | ".join(text.replace("|", r"\|") for text in cells) + " |")
    return "\n".join(lines) + "\n"
