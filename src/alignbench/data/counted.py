"""Respondent files: one row a person, one column a question, negative codes for missing answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.data.checks import existing, header, need, validated
from alignbench.data.people import RespondentPanel
from alignbench.data.shares import Cells, normalised, refusal
from alignbench.progress import track
from alignbench.types import Answers, Item, check


@dataclass(frozen=True)
class Layout:
    """Which columns of a respondent file matter.

    Attributes:
        country: column of ISO 3166 alpha-3 codes.
        weight: column of sampling weights; None counts every respondent once.
        questions: (item id, column) pairs; a column that the file lacks is skipped.
        wave: column and value that select rows; None takes all.
    """

    country: str
    weight: str | None
    questions: tuple[tuple[str, str], ...]
    wave: tuple[str, int] | None = None


def country_shares(path: Path, items: Sequence[Item], layout: Layout) -> tuple[Cells, dict[tuple[str, str], str]]:
    """Weighted shares of valid answers by country, and the cells dropped as off scale with the reason.

    ``Answers.n`` counts the respondents with a valid answer and a weight above zero, ``Answers.effective`` is Kish's
    number of them where there are weights. Only the needed
    columns are read, once a process for the cells of a sweep.

    Raises:
        AlignbenchError: no such file, a missing column, none of the questions, a field that is no
            number, a negative weight, a wave without rows.
    """
    return _tabulated(existing(path), path.stat().st_mtime_ns, tuple(items), layout)


def country_panel(path: Path, items: Sequence[Item], layout: Layout, iso3: str) -> RespondentPanel | None:
    """All respondents of one country with a weight above zero; None if there is nobody. Errors as above."""
    frame = _read(existing(path), layout)
    frame = frame[frame[layout.country] == iso3]
    weights = frame[layout.weight].to_numpy(dtype=np.float64) if layout.weight else np.ones(len(frame))
    frame, weights = frame[weights > 0], weights[weights > 0]
    column_of = dict(layout.questions)
    answers = {i.id: _positions(frame[column_of[i.id]], i.codes) for i in items if column_of.get(i.id) in frame}
    return RespondentPanel(weights, answers) if len(frame) else None


def _positions(column: pd.Series[float], codes: Sequence[int]) -> NDArray[np.int64]:
    """Where each code stands in ``codes``; -1 for all others."""
    place = {float(code): position for position, code in enumerate(codes)}
    return np.asarray(column.map(place).fillna(-1), dtype=np.int64)


@cache
def _tabulated(
    path: Path, modified: int, items: tuple[Item, ...], layout: Layout
) -> tuple[Cells, dict[tuple[str, str], str]]:
    frame = _read(path, layout)
    column_of = dict(layout.questions)
    weights = frame[layout.weight].to_numpy() if layout.weight else np.ones(len(frame))
    people = pd.DataFrame({"iso3": frame[layout.country].to_numpy(), "weight": weights})
    cells: Cells = {}
    dropped: dict[tuple[str, str], str] = {}
    asked = [item for item in items if column_of.get(item.id) in frame]
    for item in track(asked, "survey file", unit="items"):
        people["code"] = frame[column_of[item.id]].to_numpy()
        for iso3, tally in _tallies(people).items():
            mass = {code: weight for code, (weight, _, _) in tally.items()}
            reason = refusal(mass, item.codes)
            if reason:
                dropped[iso3, item.id] = reason
            else:
                total, squares, n = (
                    sum(sums) for sums in zip(*(tally[c] for c in item.codes if c in tally), strict=True)
                )
                effective = total**2 / squares if layout.weight else None
                cells.setdefault(iso3, {})[item.id] = Answers(normalised(mass, item.codes), int(n), effective)
    return cells, dropped


def read_individuals(path: Path, layout: Layout) -> pd.DataFrame:
    """Codes of every respondent: ``country``, ``weight`` and the item ids; negative codes are NaN.

    A question that the file lacks is NaN throughout. Errors as in :func:`country_shares`.
    """
    frame = _read(existing(path), layout)
    codes = {item: frame.get(column, np.nan) for item, column in layout.questions}
    answers = pd.DataFrame(codes, index=frame.index)
    weight = frame[layout.weight] if layout.weight else 1.0
    return answers.where(answers >= 0).assign(country=frame[layout.country], weight=weight)


def _tallies(people: pd.DataFrame) -> dict[str, dict[int, tuple[float, float, int]]]:
    """Country -> code -> (weight, squared weights, number) of those who chose it; missing answers are left out."""
    valid = people[(people["code"] >= 0) & (people["weight"] > 0)]
    valid = valid.assign(square=valid["weight"] ** 2)
    grouped = valid.groupby(["iso3", "code"]).agg({"weight": ["sum", "size"], "square": "sum"})
    tallies: dict[str, dict[int, tuple[float, float, int]]] = {}
    for (iso3, code), weight, n, square in grouped.itertuples(name=None):
        tallies.setdefault(str(iso3), {})[int(code)] = (float(weight), float(square), int(n))
    return tallies


def _read(path: Path, layout: Layout) -> pd.DataFrame:
    fixed = [c for c in (layout.country, layout.weight, layout.wave and layout.wave[0]) if c]
    need(path, fixed)
    there = set(header(path))
    questions = [column for column in (c for _, c in layout.questions) if column in there]
    remedy = "the file holds none of the survey's questions; give the official CSV with question ids as columns"
    check(bool(questions), f"{path}, columns", sorted(there)[:8], remedy)
    frame = pd.read_csv(
        path,
        usecols=[*fixed, *questions],
        dtype={layout.country: str},
        na_values=[" "],
        encoding="utf-8-sig",
        encoding_errors="replace",
        low_memory=False,
    )
    frame = _checked(frame, path, layout, questions)
    if not layout.wave:
        return frame
    column, wave = layout.wave
    chosen = frame[frame[column] == wave]
    waves = ", ".join(str(int(w)) for w in sorted(frame[column].dropna().unique()))
    check(len(chosen) > 0, f"{path}, column {column}", wave, f"no respondent of that wave; the file has {waves}")
    return chosen


def _checked(frame: pd.DataFrame, path: Path, layout: Layout, questions: Sequence[str]) -> pd.DataFrame:
    from pandera.pandas import Check, Column, DataFrameSchema

    columns = {column: Column(float, nullable=True, coerce=True) for column in questions}
    columns[layout.country] = Column(str)
    if layout.weight:
        columns[layout.weight] = Column(float, Check.ge(0, error="a weight cannot be negative"), coerce=True)
    if layout.wave:
        columns[layout.wave[0]] = Column(float, nullable=True, coerce=True)
    checked: pd.DataFrame = validated(frame, DataFrameSchema(columns), path, {})
    return checked
