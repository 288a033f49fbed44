"""Single respondents out of a survey's own file: who they are in words, and their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.data.columns import BLANK
from alignbench.data.counted import Layout, need, respondents
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

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (self.sex[0], self.age, *(column for column, _ in self.phrases))


def drawn_people(
    path: Path, items: Sequence[Item], layout: Layout, who: Demographics, iso3: str, count: int, seed: int
) -> tuple[Person, ...]:
    """``count`` respondents of a country, drawn with replacement by weight; an age or phrase not given is left out.

    Raises:
        AlignbenchError: no such file, no column of sex, nobody of that country in it.
    """
    everybody = respondents(path, items, layout)
    need(path, [who.sex[0]], layout)
    there = everybody.frame[[column for column in who.columns if column in everybody.frame]]
    rows = np.flatnonzero((everybody.iso3 == iso3) & there[who.sex[0]].isin(list(who.sex[1])))
    check(len(rows) > 0, f"{path}, column {layout.country}", iso3, "the file holds no respondent of this country")
    weights = everybody.weights[rows] if layout.weight else None
    drawn = pd.Series(rows).sample(count, replace=True, weights=weights, random_state=seed)
    chosen = {item: states[drawn].tolist() for item, states in everybody.answers.items()}
    return tuple(
        Person(_words(dict(row), who), {item: states[k] for item, states in chosen.items() if states[k] >= 0})
        for k, (_, row) in enumerate(there.iloc[drawn].iterrows())
    )


def _words(row: Mapping[str, Any], who: Demographics) -> str:
    words = f"a {who.sex[1][int(row[who.sex[0]])]}"
    if row.get(who.age, BLANK) > 0:
        words += f" of {int(row[who.age])}"
    said = [texts.get(row.get(column, BLANK)) for column, texts in who.phrases]
    return ", ".join([words, *(text for text in said if text)])
