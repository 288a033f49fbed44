"""Tables of shares, ``[iso3,]item,code,share[,n]``: read, checked, turned into answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from alignbench.data.checks import Faults, validated
from alignbench.data.tables import rows_of
from alignbench.types import Answers, Item, check

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

# iso3 -> item id -> answers
Cells = dict[str, dict[str, Answers]]

# How much of a cell may lie on no code of the item ("other", "against democracy"), of what is not missing.
# Our choice: the published wave-7 figures have such codes in ten items.
OFF_SCALE = 0.05
# How far the shares of a cell may be from 1 in sum (rounded tables), before they are renormalised.
SUM_TOLERANCE = 0.02


def read_shares(path: Path, items: Sequence[Item], iso3: str | None = None) -> Cells:
    """Answers in a CSV of shares; a code without a row or a figure has share 0, and sums become exactly 1.

    Args:
        iso3: the country of the whole file; None if a column ``iso3`` names it row by row.

    Raises:
        AlignbenchError: missing file or column, unknown item or code, a share that is negative,
            above 1 or no number, a row given twice, a cell that sums to something other than 1 or
            that nobody answered.
    """
    frame = rows_of(path, ["item", "code", "share"] if iso3 else ["iso3", "item", "code", "share"], ["n"])
    if iso3:
        frame["iso3"] = iso3
    if "n" not in frame:
        frame["n"] = float("nan")
    by_id = {item.id: item for item in items}
    frame = validated(frame, _schema(by_id), path, {"item": by_id}).fillna({"share": 0.0})
    masses: dict[tuple[str, str], dict[int, float]] = {}
    sizes: dict[tuple[str, str], set[float]] = {}
    faults = Faults(path)
    rows = zip(frame.index + 2, frame["iso3"], frame["item"], frame["code"], frame["share"], frame["n"], strict=True)
    for number, country, item_id, code, share, n in rows:
        codes = by_id[item_id].codes
        if code not in codes:
            remedy = f"item {item_id} has only the codes {', '.join(map(str, codes))}"
            faults.add(f"{path}, row {number}, column code", code, remedy)
        masses.setdefault((country, item_id), {})[code] = share
        sizes.setdefault((country, item_id), set()).update(() if pd.isna(n) else (n,))
    faults.refuse()
    cells: Cells = {}
    for (country, item_id), mass in masses.items():
        people = sizes[country, item_id]
        with faults.caught():
            field, total = f"{path}, {country} {item_id}, column share", sum(mass.values())
            check(total > 0, field, total, "an item answered by nobody; leave out its rows")
            remedy = f"the shares of an item must sum to 1 (within {SUM_TOLERANCE}); give every code its share"
            check(abs(total - 1) <= SUM_TOLERANCE + 1e-9, field, round(total, 4), remedy)
            remedy = "one question has one number of respondents: give the same in all its rows"
            check(len(people) < 2, f"{path}, {country} {item_id}, column n", sorted(people), remedy)
            shares = normalised(mass, by_id[item_id].codes)
            cells.setdefault(country, {})[item_id] = Answers(shares, int(people.pop()) if people else None)
    faults.refuse()
    return cells


def normalised(mass: Mapping[int, float], codes: Sequence[int]) -> tuple[float, ...]:
    """Shares of ``codes`` (sum 1) from ``mass`` on codes; other codes are left out."""
    on_scale = [float(mass.get(code, 0.0)) for code in codes]
    total = sum(on_scale)
    return tuple(m / total for m in on_scale)


def refusal(outside: float, total: float, tolerance: float = OFF_SCALE) -> str | None:
    """Why a cell cannot stand for an item if ``outside`` of its ``total`` mass is on no code of it; None if it can."""
    if outside <= tolerance * total:
        return None
    return f"{outside / total:.0%} of the answers lie on codes that the item does not have"


def _schema(by_id: Mapping[str, Item]) -> DataFrameSchema:
    from pandera.pandas import Check, Column, DataFrameSchema

    share = [
        Check.ge(0, error="a share cannot be negative; give a number from 0 to 1"),
        Check.le(1, error="a share cannot be above 1; divide percentages by 100"),
    ]
    people = [
        Check.in_range(2, 10**9, error="give the number of respondents, at least 2"),
        Check(lambda n: n == n.round(), error="people come in whole numbers"),
    ]
    return DataFrameSchema(
        {
            "iso3": Column(str, Check.str_matches("^[A-Z]{3}$", error="give the ISO 3166 code in three capitals")),
            "item": Column(str, Check.isin(list(by_id), error="the survey has no such item")),
            "code": Column(int, coerce=True),
            "share": Column(float, share, nullable=True, coerce=True),
            "n": Column(float, people, nullable=True, coerce=True),
        },
        unique=["iso3", "item", "code"],
        report_duplicates="exclude_first",
    )
