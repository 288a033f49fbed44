"""Shares, panels and single answers out of a respondent file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.data.checks import HEADER_ROWS
from alignbench.data.counted import MISSING, NOTHING, OFF, Counted, Layout, listed, respondents
from alignbench.data.people import RespondentPanel
from alignbench.data.shares import Cells, refusal
from alignbench.data.survey import Unanswered
from alignbench.types import Answers, Item, check

_STATES = 3  # MISSING, NOTHING and OFF stand below the places.


@dataclass(frozen=True)
class Tabulated:
    """What a respondent file says.

    Attributes:
        dropped: (iso3, item id) -> why the country's answers do not stand for the item.
        gaps: (iso3, item id) -> how many respondents gave no answer that counts.
        notes: what was read and left out, a sentence each.
    """

    cells: Cells
    dropped: Mapping[tuple[str, str], str]
    gaps: Mapping[tuple[str, str], Unanswered]
    notes: tuple[str, ...]


def country_shares(path: Path, items: Sequence[Item], layout: Layout, off_scale: float) -> Tabulated:
    """Weighted shares of valid answers by country.

    Only whole numbers that are codes of the item count. ``Answers.n`` counts the respondents with such an answer and a
    weight above zero, ``Answers.effective`` is Kish's number of them where there are weights.

    Args:
        off_scale: how much of a country's answers to an item may be no code of it, as a share of the weight of all that
            are not missing; beyond it the cell is dropped.

    Raises:
        AlignbenchError: as :func:`~alignbench.data.counted.respondents`, or no cell is left.
    """
    everybody = respondents(path, items, layout)
    country, countries = pd.factorize(everybody.iso3, sort=True)
    names = [str(iso3) for iso3 in countries]
    squares = everybody.weights**2
    cells: Cells = {}
    dropped = {(iso3, item): why for item, why in everybody.refused.items() for iso3 in names}
    gaps: dict[tuple[str, str], Unanswered] = {}
    kept_off: list[str] = []
    for item in (item for item in items if item.id in everybody.answers):
        states = everybody.answers[item.id]
        width = len(item.codes) + _STATES
        place = country * width + _STATES + states

        def summed(weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
            sums = np.bincount(place, weights, len(countries) * width)  # noqa: B023
            return sums.reshape(-1, width).astype(np.float64)  # noqa: B023

        mass, square, people = summed(everybody.weights), summed(squares), summed(None)
        valid, outside = mass[:, _STATES:], mass[:, OFF + _STATES].tolist()
        total, n = valid.sum(axis=1), people[:, _STATES:].sum(axis=1).astype(int).tolist()
        shares = (valid / np.where(total > 0, total, 1)[:, None]).tolist()
        worth = (total**2 / np.where(total > 0, square[:, _STATES:].sum(axis=1), 1)).tolist()
        missed = people[:, [MISSING + _STATES, NOTHING + _STATES, OFF + _STATES]].astype(int).tolist()
        for c, iso3 in enumerate(names):
            if any(missed[c]):
                gaps[iso3, item.id] = Unanswered(*missed[c])
            why = refusal(outside[c], total[c] + outside[c], off_scale) if missed[c][-1] else None
            if why:
                found = _off(everybody, layout, item, (country == c) & (states == OFF))
                dropped[iso3, item.id] = f"{why} ({found})"
            elif n[c]:
                effective = worth[c] if layout.weight else None
                cells.setdefault(iso3, {})[item.id] = Answers(tuple(shares[c]), n[c], effective)
                if missed[c][-1]:
                    kept_off.append(f"{iso3} {item.id} {missed[c][-1]}")
    first = "; ".join(f"{iso3} {item}: {why}" for (iso3, item), why in list(dropped.items())[:5])
    check(bool(cells), str(path), "no answers", first or "no respondent answered any question of the survey")
    notes = list(everybody.notes)
    if kept_off:
        notes.append(f"Answers that are no code of their item count as missing: {listed(kept_off)}.")
    return Tabulated(cells, dropped, gaps, tuple(notes))


def _off(everybody: Counted, layout: Layout, item: Item, chosen: NDArray[np.bool_]) -> str:
    """Values off the scale with the first row of each, and how many rows have it."""
    rows: dict[float, list[int]] = {}
    for index, value in everybody.frame[dict(layout.questions)[item.id]][chosen].items():
        rows.setdefault(float(value), []).append(int(str(index)) + HEADER_ROWS)
    return listed(
        [f"{value:g} in row {at[0]}" + f" and {len(at) - 1} more" * (len(at) > 1) for value, at in rows.items()]
    )


def country_panel(path: Path, items: Sequence[Item], layout: Layout, iso3: str) -> RespondentPanel | None:
    """All respondents of one country with a weight above zero; None if there is nobody. Errors as above."""
    everybody = respondents(path, items, layout)
    here = everybody.iso3 == iso3
    answers = {item: np.maximum(states[here], -1).astype(np.int64) for item, states in everybody.answers.items()}
    return RespondentPanel(everybody.weights[here], answers) if here.any() else None


def read_individuals(path: Path, items: Sequence[Item], layout: Layout) -> pd.DataFrame:
    """Codes of every respondent: ``country``, ``weight`` and the item ids; what is no code of an item is NaN.

    A column that is no item's keeps all its codes that are not negative, and one that the file lacks is NaN throughout.
    Errors as above.
    """
    everybody = respondents(path, items, layout)
    codes = {item.id: np.array([*item.codes, np.nan, np.nan, np.nan]) for item in items}
    found: dict[str, NDArray[np.float64]] = {}
    for name, column in layout.questions:
        if name in everybody.answers:
            found[name] = codes[name][everybody.answers[name]]
        else:
            known = name not in everybody.refused and column in everybody.frame
            values = everybody.frame[column].to_numpy(np.float64) if known else np.full(len(everybody.iso3), np.nan)
            found[name] = np.where(values >= 0, values, np.nan)
    return pd.DataFrame({**found, "country": everybody.iso3, "weight": everybody.weights})
