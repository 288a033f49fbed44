"""Single respondents out of a survey's own file: who they are in words, and their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.data.checks import header, need
from alignbench.data.microdata import Layout
from alignbench.data.people import Person
from alignbench.types import Item, check

Coded = tuple[str, Mapping[int, str]]


@dataclass(frozen=True)
class Demographics:
    """Which columns say who somebody is.

    Attributes:
        sex: column, and a noun per code.
        age: column of years.
        phrases: columns, and a phrase per code, in the order in which they are said.
    """

    sex: Coded
    age: str
    phrases: tuple[Coded, ...]


def drawn_people(
    path: Path, items: Sequence[Item], layout: Layout, who: Demographics, iso3: str, count: int, seed: int
) -> tuple[Person, ...]:
    """``count`` respondents of a country, drawn with replacement by weight; an age or phrase not given is left out.

    Raises:
        AlignbenchError: no such file, no column of sex, nobody of that country in it.
    """
    need(path, [layout.country, who.sex[0]])
    there = set(header(path))
    wanted = [layout.country, layout.weight, who.sex[0], who.age, *(column for column, _ in who.phrases)]
    column_of = {item_id: column for item_id, column in layout.questions if column in there}
    columns = [c for c in (*wanted, *column_of.values()) if c in there]
    frame = pd.read_csv(path, usecols=columns, na_values=[" "], encoding="utf-8-sig", low_memory=False)
    frame = frame[(frame[layout.country] == iso3) & frame[who.sex[0]].isin(list(who.sex[1]))]
    check(len(frame) > 0, f"{path}, column {layout.country}", iso3, "the file holds no respondent of this country")
    weights = frame[layout.weight] if layout.weight in there else None
    drawn = frame.sample(count, replace=True, weights=weights, random_state=seed)
    asked = [item for item in items if item.id in column_of]
    return tuple(_person(dict(row), asked, column_of, who) for _, row in drawn.iterrows())


def _person(row: Mapping[str, Any], items: Sequence[Item], column_of: Mapping[str, str], who: Demographics) -> Person:
    words = f"a {who.sex[1][int(row[who.sex[0]])]}"
    age = row.get(who.age)
    if age is not None and age > 0:
        words += f" of {int(age)}"
    said = [texts.get(_code(row.get(column))) for column, texts in who.phrases]
    words = ", ".join([words, *(text for text in said if text)])
    codes = {item.id: _code(row[column_of[item.id]]) for item in items}
    answers = {item.id: item.codes.index(codes[item.id]) for item in items if codes[item.id] in item.codes}
    return Person(words, answers)


def _code(value: float | None) -> int:
    """The code of a cell; -1 where it is empty."""
    return -1 if value is None or pd.isna(value) else int(value)
