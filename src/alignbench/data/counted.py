"""The respondents of a file: one row a person, one column a question, negative codes for missing answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.data.checks import HEADER_ROWS, Faults, existing, nearest
from alignbench.data.columns import BLANK, Wanted, column_names, read_columns
from alignbench.data.countries import alpha3
from alignbench.types import Item, check

# How the official files mark a question whose scale they turn round: Q1 becomes Q1P.
TURNED = "P"
# A column of each official form that the others lack -> how it is read.
_FORMS = {
    "B_COUNTRY_ALPHA": "survey=wvs7_official",
    "COUNTRY_ALPHA": "survey=wvs_timeseries",
    "cntry_AN": "survey=evs_wvs",
}
# What a value is that is no code of the scale; codes are places from 0 up.
MISSING, NOTHING, OFF = -1, -2, -3
# Weights that a respondent may have besides 0 (our choice): beyond them squares are no numbers any more. Real ones lie
# near 1, or near the number of people for whom a respondent stands.
LIGHTEST, HEAVIEST = 1e-9, 1e9
_WEIGHT = f"a weight cannot be negative or infinite; besides 0 it lies between {LIGHTEST:g} and {HEAVIEST:g}"
_LISTED = 8


@dataclass(frozen=True)
class Layout:
    """Which columns of a respondent file matter; their case does not.

    Attributes:
        country: column of ISO 3166 codes, of three letters or two.
        weight: column of sampling weights; None counts every respondent once.
        questions: (item id, column) pairs; a column that the file lacks is skipped.
        wave: column and value that select rows; None takes all.
        respondent: column of ids, by which the same respondent is found twice within a country.
        others: further columns to keep, where the file has them.
    """

    country: str
    weight: str | None
    questions: tuple[tuple[str, str], ...]
    wave: tuple[str, int] | None = None
    respondent: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Counted:
    """The respondents of a file that count: each once, with a weight above zero.

    Attributes:
        iso3, weights: shape (people,).
        answers: item id -> places in ``Item.codes``, shape (people,), or ``MISSING`` (a negative code), ``NOTHING`` (no
            value), ``OFF`` (anything else).
        refused: item id -> why its column cannot stand for it.
        frame: a column for every column of the layout that the file has, under the layout's name, as
            :func:`~alignbench.data.columns.read_columns` reads it; the index is the row of the file less two.
        notes: what was read and left out, a sentence each.
    """

    iso3: NDArray[np.str_]
    weights: NDArray[np.float64]
    answers: Mapping[str, NDArray[np.int8]]
    refused: Mapping[str, str]
    frame: pd.DataFrame
    notes: tuple[str, ...]


def _placed(values: NDArray[Any], places: Mapping[int, int]) -> NDArray[np.int8]:
    table = np.full(256, OFF, np.int8)  # By code, the negative ones from the end.
    table[-128:] = MISSING
    table[BLANK] = NOTHING
    for code, place in places.items():
        table[code] = place
    if values.dtype == np.int8:
        # A fifth of the time of table[values].
        return np.frombuffer(values.tobytes().translate(table.tobytes()), np.int8)
    # A column with some value that is not small and whole: such values are off every scale.
    small = (values == np.round(values)) & (np.abs(values) < -BLANK)
    found: NDArray[np.int8] = table[np.where(small, values, 0).astype(np.int8)]
    found[~small] = OFF
    found[values < 0] = MISSING
    found[np.isnan(values)] = NOTHING
    return found


def _turned_back(item: Item, seen: set[float]) -> dict[int, int] | str:
    """Code of a turned column -> place, or why that is not certain.

    The mirror image is the one way to turn a scale of codes that follow each other. Of two codes, "mentioned" and "not
    mentioned", the public file makes 1 and 0.
    """
    last = item.codes[-1]
    if item.codes != tuple(range(1, last + 1)):
        return "the file holds it turned round, and its codes have no mirror image"
    places = {1: 0, 0: 1} if last == 2 and 0 in seen else {code: last - code for code in item.codes}
    # Of 1 alone nobody knows whether it is "mentioned" or the mirror image of the first code.
    if not seen <= set(places) or (last == 2 and seen == {1}):
        codes = ", ".join(f"{code:g}" for code in sorted(seen))
        return f"the file holds it turned round in no known way: with the codes {codes}"
    return places


def respondents(path: Path, items: Sequence[Item], layout: Layout) -> Counted:
    """Who counts in a file, and what was found of it on the way; read once a process.

    Raises:
        AlignbenchError: no such file, a missing column, none of the questions, a field that is no number, a weight
            that is negative or beyond ``LIGHTEST`` to ``HEAVIEST``, a country that is no ISO code, a wave without rows.
    """
    stat = existing(path).stat()
    return _respondents(path, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns), tuple(items), layout)


@lru_cache(maxsize=2)  # A full file takes 80 MB.
def _respondents(path: Path, state: tuple[int, ...], items: tuple[Item, ...], layout: Layout) -> Counted:
    fixed = tuple(c for c in (layout.country, layout.weight, layout.wave and layout.wave[0]) if c)
    need(path, fixed, layout)
    questions = tuple(column for _, column in layout.questions)
    texts = tuple(c for c in (layout.country, layout.respondent) if c)
    wave = (layout.wave[0],) if layout.wave else ()
    codes = (*questions, *(column + TURNED for column in questions), *layout.others, *wave)
    measures = (layout.weight,) if layout.weight else ()
    frame = read_columns(path, Wanted(texts, tuple(dict.fromkeys(codes)), measures))
    turned = frozenset(c for c in questions if c not in frame and c + TURNED in frame)
    frame = frame.rename(columns={c + TURNED: c for c in turned})
    notes: list[str] = []
    _say_columns(path, frame, questions, notes)
    if layout.wave:
        frame = _of_wave(path, frame, *layout.wave)
    iso3 = _countries(path, frame[layout.country])
    frame, iso3 = _once(frame, iso3, layout, notes)
    weights = frame[layout.weight].to_numpy(np.float64) if layout.weight else np.ones(len(frame))
    if layout.weight:
        _say_weights(path, frame, iso3, layout.weight, notes)
    if not (weights > 0).all():
        frame, iso3, weights = frame[weights > 0], iso3[weights > 0], weights[weights > 0]
    answers: dict[str, NDArray[np.int8]] = {}
    refused: dict[str, str] = {}
    column_of = dict(layout.questions)
    for item in (item for item in items if column_of.get(item.id) in frame):
        values = frame[column_of[item.id]].to_numpy()
        places: dict[int, int] | str = {code: place for place, code in enumerate(item.codes)}
        if column_of[item.id] in turned:
            places = _turned_back(item, {float(value) for value in np.unique(values[values >= 0])})
        if isinstance(places, str):
            refused[item.id] = places
        else:
            answers[item.id] = _placed(values, places)
    if turned:
        kept = f"; left out, as that cannot be undone with certainty: {', '.join(refused)}" if refused else ""
        notes.append(
            f"The file holds {len(turned)} questions with their scale turned round (names that end in {TURNED}): "
            f"{len(turned) - len(refused)} were turned back{kept}."
        )
    return Counted(iso3, weights, answers, refused, frame, tuple(notes))


def need(path: Path, columns: Sequence[str], layout: Layout) -> None:
    """Raise unless the file has all ``columns``; the message says whose file it may be, or the knob to do without."""
    there, faults = column_names(path), Faults(path)
    small = {name.casefold() for name in there}
    for column in columns:
        if column.casefold() not in small:
            other = next((how for mark, how in _FORMS.items() if mark.casefold() in small and mark != column), "")
            remedy = "the file has no such column"
            if column == layout.weight:
                remedy += "; name it so, or count every respondent once: survey.weighted=false"
            elif other:
                remedy += f"; its columns are those of {other}"
            faults.add(f"{path}, column", column, remedy + nearest(column, there))
    faults.refuse()


def _say_columns(path: Path, frame: pd.DataFrame, questions: Sequence[str], notes: list[str]) -> None:
    missing = [column for column in questions if column not in frame]
    remedy = "the file holds none of the survey's questions; give the official file with question ids as columns"
    check(len(missing) < len(questions), f"{path}, columns", list(column_names(path))[:8], remedy)
    if missing:
        notes.append(f"The file lacks {len(missing)} of {len(questions)} questions: {listed(missing)}.")


def _of_wave(path: Path, frame: pd.DataFrame, column: str, wave: int) -> pd.DataFrame:
    chosen = frame[frame[column] == wave]
    waves = ", ".join(f"{value:g}" for value in np.unique(frame[column]) if value >= 0)
    check(len(chosen) > 0, f"{path}, column {column}", wave, f"no respondent of that wave; the file has {waves}")
    return chosen


def _countries(path: Path, column: pd.Series[str]) -> NDArray[np.str_]:
    """Three letters for every row."""
    place, texts = pd.factorize(column)
    letters = np.array([alpha3(text) or "" for text in texts], dtype=str)
    faults = Faults(path)
    for row in np.flatnonzero(letters[place] == ""):
        remedy = (
            "give the country's ISO 3166 code, three letters; sums and means at the end of a file are no respondents"
        )
        faults.add(f"{path}, row {column.index[row] + HEADER_ROWS}, column {column.name}", column.iloc[row], remedy)
    faults.refuse("give every row its country")
    return letters[place]


def _once(
    frame: pd.DataFrame, iso3: NDArray[np.str_], layout: Layout, notes: list[str]
) -> tuple[pd.DataFrame, NDArray[np.str_]]:
    """Every respondent once: of rows with one id in one country that agree in all that is read, the first."""
    ids = frame.get(layout.respondent) if layout.respondent else None
    if ids is None or ids.is_unique:
        return frame, iso3
    who = pd.DataFrame({"country": iso3, "id": ids.to_numpy()})
    shared = who.duplicated(keep=False).to_numpy() & (who["id"] != "").to_numpy()
    if not shared.any():
        return frame, iso3
    again = np.zeros(len(frame), bool)
    again[shared] = frame[shared].assign(country=iso3[shared]).duplicated().to_numpy()
    if again.any():
        notes.append(f"{again.sum():,} rows repeat a respondent who stands in the file before; each counts once.")
    left = who[shared & ~again].duplicated().sum()
    if left:
        notes.append(
            f"{left:,} respondents have the {layout.respondent} of another of their country and gave other answers; "
            "they count as other people."
        )
    return frame[~again], iso3[~again]


def _say_weights(path: Path, frame: pd.DataFrame, iso3: NDArray[np.str_], column: str, notes: list[str]) -> None:
    weights = frame[column].to_numpy(np.float64)
    faults = Faults(path)
    beyond = (weights > 0) & ((weights < LIGHTEST) | (weights > HEAVIEST))
    for row in np.flatnonzero((weights < 0) | beyond):
        place = f"{path}, row {frame.index[row] + HEADER_ROWS}, column {column}"
        faults.add(place, float(weights[row]), _WEIGHT)
    faults.refuse()
    none, zero = int(np.isnan(weights).sum()), int((weights == 0).sum())
    if not none and not zero:
        return
    without = sorted(set(iso3) - set(iso3[weights > 0]))
    gone = f" Nobody is left of {listed(without)}; survey.weighted=false counts them." if without else ""
    notes.append(
        f"Of {len(weights):,} respondents {zero:,} have the weight 0 and {none:,} none in column {column}; they are "
        f"left out.{gone}"
    )


def listed(words: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more
