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
        fields: name of a field, its column, and a text per code, or None where the number itself is the text; of two
            columns of one name the second stands in where the first says nothing.
    """

    sex: Coded
    age: str
    phrases: tuple[Coded, ...]
    fields: tuple[tuple[str, str, Mapping[int, str] | None], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        known = [
            self.sex[0],
            self.age,
            *(column for column, _ in self.phrases),
            *(column for _, column, _ in self.fields),
        ]
        return tuple(dict.fromkeys(known))


def drawn_people(
    path: Path, items: Sequence[Item], layout: Layout, who: Demographics, iso3: str, count: int, seed: int
) -> tuple[Person, ...]:
    """``count`` respondents of a country; what one of them did not say is left out.

    They are drawn with replacement by weight, or without replacement where nobody has a weight and there are enough.

    Raises:
        AlignbenchError: no such file, no column of sex, nobody of that country in it.
    """
    everybody = respondents(path, items, layout)
    need(path, [who.sex[0]], layout)
    there = everybody.frame[[column for column in who.columns if column in everybody.frame]]
    rows = np.flatnonzero((everybody.iso3 == iso3) & there[who.sex[0]].isin(list(who.sex[1])))
    check(len(rows) > 0, f"{path}, column {layout.country}", iso3, "the file holds no respondent of this country")
    weights = everybody.weights[rows] if layout.weight else None
    again = weights is not None or count > len(rows)
    drawn = pd.Series(rows).sample(count, replace=again, weights=weights, random_state=seed)
    chosen = {item: states[drawn].tolist() for item, states in everybody.answers.items()}
    return tuple(
        Person(
            _words(dict(row), who),
            {item: states[k] for item, states in chosen.items() if states[k] >= 0},
            _fields(dict(row), who),
        )
        for k, (_, row) in enumerate(there.iloc[drawn].iterrows())
    )


def _words(row: Mapping[str, Any], who: Demographics) -> str:
    words = f"a {who.sex[1][int(row[who.sex[0]])]}"
    if row.get(who.age, BLANK) > 0:
        words += f" of {int(row[who.age])}"
    said = [texts.get(row.get(column, BLANK)) for column, texts in who.phrases]
    return ", ".join([words, *(text for text in said if text)])


def _fields(row: Mapping[str, Any], who: Demographics) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, column, texts in who.fields:
        value = row.get(column, BLANK)
        known = value >= 0  # NaN is not
        text = (str(int(value)) if texts is None else texts.get(int(value))) if known else None
        if text:
            found.setdefault(name, text)
    return found
