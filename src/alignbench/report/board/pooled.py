"""Methods pooled over the cultures of a panel: the one structure that page, tables, terminal and data files read.

Every figure of it rests on what the boards of single cultures hold item by item; nothing is asked again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alignbench.evaluation.board import Row, compared_with, corrected
from alignbench.evaluation.items import BoardEntry, seeds_of
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.pooling import ENOUGH, Pooled, pooled_mean
from alignbench.missing import known
from alignbench.record.finished import resampling
from alignbench.report.board.groups import CultureBoard
from alignbench.report.board.lines import ALPHA
from alignbench.report.board.pairs import Specificity
from alignbench.report.numbers import BEYOND, FEW, MISSING, change, count, interval, number, p_value, pipe_table

READING = (
    "Every culture counts the same. Gain: over the base model (‡: over the base given the same prompt). Specificity: "
    "what a culture’s own model gains there beyond what the other cultures’ models of the method gain, over all pairs "
    "of cultures. Detectable: the true specificity that this design finds four times out of five, whatever was found. "
    "Rank: by specificity; methods that are not clear of zero, after Holm’s correction over the methods, share a "
    f"place. Intervals of {ENOUGH} cultures or more cover the choice of questions and of cultures, and the chance in "
    "training; of fewer (§) the choice of questions alone."
)


@dataclass(frozen=True)
class PooledMethod:
    """A method variant over all cultures that it was fitted to; at least two.

    Attributes:
        rows: culture (as the panel titles it) -> the method's row on the board of that culture.
        missing: cultures of the panel that have no row of it.
        prompted: whether ``gain`` and ``specificity`` are over the base model given the same prompt.
        score: mean score over cultures; its test is of zero and means nothing.
        gain: mean difference to what the rows are compared with; None where that is missing somewhere.
        gain_p: of ``gain``, two-sided, corrected after Holm over the methods of the panel.
        specificity: None where no two cultures share an item and a seed.
        specificity_p: the same of ``specificity``, corrected apart.
        c_dist: see :func:`~alignbench.evaluation.interaction.c_dist`.
        rank: place by specificity, from 1; those not clear of zero share one. None without a specificity.
    """

    label: str
    rows: Mapping[str, Row]
    missing: tuple[str, ...]
    prompted: bool
    score: Pooled
    gain: Pooled | None
    gain_p: float | None
    specificity: Pooled | None
    specificity_p: float | None
    c_dist: float | None
    rank: int | None = None

    @property
    def cultures(self) -> tuple[str, ...]:
        """Titles of the cultures that are pooled."""
        return tuple(self.rows)

    @property
    def seeds(self) -> int:
        """Seeds behind every culture's row, the fewest of them."""
        return min(row.seeds for row in self.rows.values())

    @property
    def detectable(self) -> float | None:
        """Minimum detectable effect of the specificity; None where there is none."""
        return known(self.specificity.detectable) if self.specificity else None

    @property
    def clear(self) -> int:
        """1 or -1 where the specificity is clear of zero after the correction, else 0."""
        if self.specificity is None or self.specificity_p is None or self.specificity_p >= ALPHA:
            return 0
        return 1 if self.specificity.value > 0 else -1


def pooled(groups: Sequence[CultureBoard], specificities: Sequence[Specificity]) -> list[PooledMethod]:
    """Every method of two cultures or more, the best rank first, those without one last.

    Args:
        groups: the boards of one place, a culture each.
        specificities: those over all pairs of the same cultures.
    """
    boards = {group.title: group for group in groups}
    labels = dict.fromkeys(e.label for group in groups for e in group.scored if e.kind == "method")
    specific = {one.label: one for one in specificities}
    found = [_method(label, boards, specific.get(label)) for label in labels]
    several = [one for one in found if len(one.rows) > 1]
    gains = corrected([known(one.gain.p_value) if one.gain else None for one in several])
    tested = [replace(one, gain_p=p) for one, p in zip(several, gains, strict=True)]
    return sorted(ranked(tested), key=lambda one: (one.rank or math.inf, -_value(one), -one.score.value, one.label))


def _method(label: str, boards: Mapping[str, CultureBoard], specific: Specificity | None) -> PooledMethod:
    scores, gains, batteries, rows = dict[str, Any](), dict[str, Any](), dict[str, str](), dict[str, Row]()
    prompted = False
    for title, group in boards.items():
        by_label = {entry.label: entry for entry in group.scored}
        entry = by_label.get(label)
        if entry is None:
            continue
        rows[title] = next(row for row in group.rows if row.label == label)
        batteries |= entry.column("battery")
        other = compared_with(entry, by_label)
        scores[title] = _by_item(entry, entry.js(entry.items))
        if other is not None and (change := _change(entry, other)) is not None:
            gains[title] = change
            prompted |= other.kind == "prompted"
    bootstrap = resampling(next(iter(boards.values())).first)
    whole = len(gains) == len(rows)
    return PooledMethod(
        label,
        rows,
        tuple(title for title in boards if title not in rows),
        prompted,
        pooled_mean(scores, batteries, bootstrap),
        pooled_mean(gains, batteries, bootstrap) if whole else None,
        None,
        specific.found if specific else None,
        specific.p_value if specific else None,
        specific.c_dist if specific else None,
    )


def _change(entry: BoardEntry, other: BoardEntry) -> Mapping[str, Array] | None:
    """Item -> score less that of ``other``, the mean over the seeds that both have; None where they share none."""
    seeds = seeds_of((entry, other))
    if seeds is None:
        return None
    here, there = (one.js(entry.items, seeds).mean(axis=0) for one in (entry, other))
    return _by_item(entry, here - there)


def _by_item(entry: BoardEntry, values: Array) -> Mapping[str, Array]:
    """Item -> value, the mean over seeds: what seeds bring lies in the spread over cultures."""
    return dict(zip(entry.items, np.atleast_2d(values).mean(axis=0), strict=True))


def _value(one: PooledMethod) -> float:
    return one.specificity.value if one.specificity else -math.inf


def ranked(methods: Sequence[PooledMethod]) -> list[PooledMethod]:
    """With their ranks: one more than the number of methods that lie before them."""
    places = {one.label: (one.clear, _value(one) if one.clear else 0.0) for one in methods if one.specificity}
    ranks = {label: 1 + sum(other > place for other in places.values()) for label, place in places.items()}
    return [replace(one, rank=ranks.get(one.label)) for one in methods]


def plain(one: PooledMethod) -> dict[str, Any]:
    """The figures for a table."""
    figures: dict[str, Any] = {"rank": one.rank, "label": one.label, "cultures": ", ".join(one.cultures)}
    figures |= {"missing": ", ".join(one.missing), "prompted": one.prompted, "seeds": one.seeds}
    figures |= _bounded("score", one.score)
    for name, held, p in (("gain", one.gain, one.gain_p), ("specificity", one.specificity, one.specificity_p)):
        figures |= {**_bounded(name, held), f"{name}_p": p}
    return {**figures, "detectable": one.detectable, "c_dist": one.c_dist, "two_way": one.score.two_way}


def _bounded(name: str, held: Pooled | None) -> dict[str, float | None]:
    values = (held.value, held.low, held.high) if held else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def markdown(found: Sequence[tuple[str, PooledMethod]]) -> str:
    """One table of the figures, each after the name of its model."""
    titles = ["rank", "method", "model", "cultures", "specificity, 95 %", "p (Holm)", "detectable", "score, 95 %"]
    rows = []
    for model, one in found:
        cultures = f"{len(one.rows)} of {len(one.rows) + len(one.missing)}" if one.missing else str(len(one.rows))
        tests = (p_value(one.specificity_p), number(one.detectable))
        score = f"{number(one.score.value)} {interval(one.score.low, one.score.high)}"
        figures = (specific(one), *tests, score, gained(one), p_value(one.gain_p), number(one.c_dist))
        rows.append((count(one.rank), one.label, model, cultures, *figures))
    return pipe_table([*titles, "gain, 95 %", "p (Holm)", "C-Dist"], rows, 4)


def specific(one: PooledMethod) -> str:
    """``+0.051 [0.020, 0.080] ‡``: the specificity with its marks."""
    return _marked(one, one.specificity)


def gained(one: PooledMethod) -> str:
    """The same of the gain."""
    return _marked(one, one.gain)


def _marked(one: PooledMethod, held: Pooled | None) -> str:
    if held is None:
        return MISSING
    marks = (BEYOND if one.prompted else "") + ("" if held.two_way else FEW)
    return f"{change(held.value, held.low, held.high)} {marks}".rstrip()
