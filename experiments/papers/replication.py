"""Ours against theirs: what a store holds of a paper's figures, with the difference and its interval."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from alignbench.errors import AlignbenchError
from alignbench.protocols.record import ProtocolRecord
from alignbench.record.cell import finished_benchmarks
from alignbench.record.finished import finished, with_items
from alignbench.record.stored import records
from experiments.boards import by_name, method_name, pooled_board
from experiments.papers.deviations import HERE

MEAN, IMPROVED = "mean", "improved"


@dataclass(frozen=True)
class Published:
    """A figure of the paper.

    Attributes:
        record: where ours stands: ``score`` (the board), ``protocols`` or ``benchmark``.
        metric: its name there; of a benchmark also ``facets``.
        culture: ``mean`` is the mean over the cultures of the paper, ``improved`` the share of them in which the row is
            lower than ``base``.
        label: ``base`` or the method.
        value: None where it cannot be read.
    """

    record: str
    metric: str
    facets: str
    model: str
    culture: str
    label: str
    value: float | None


@dataclass(frozen=True)
class Ours:
    """A figure of the store with its 95 % interval; NaN where it has none."""

    value: float
    low: float
    high: float


Find = Callable[[Published], Ours | None]


def published(name: str) -> list[Published]:
    """The rows of ``theirs.csv``."""
    with (HERE / name / "theirs.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row, row.pop("value")) for row in csv.DictReader(file)]
        return [Published(**row, value=float(value) if value else None) for row, value in rows]


def table(rows: Sequence[Published], find: Find, cultures: Sequence[str]) -> str:
    """Markdown: a line a figure. The interval of a difference is that of ours, since theirs has none."""
    lines = [
        "| figure | model | culture | row | theirs | ours, 95 % | ours - theirs, 95 % |",
        "|---|---|---|---|--:|---|---|",
    ]
    for row in rows:
        over = {MEAN: _mean, IMPROVED: _improved}.get(row.culture)
        ours = over(row, find, cultures) if over else find(row)
        theirs = "unreadable" if row.value is None else f"{row.value:g}"
        figure = " ".join(filter(None, (row.metric, row.facets)))
        shown = "not run" if ours is None else _interval(ours)
        change = ""
        if ours is not None and row.value is not None:
            change = _interval(Ours(*(bound - row.value for bound in (ours.value, ours.low, ours.high))), "+")
        lines.append(f"| {figure} | {row.model} | {row.culture} | {row.label} | {theirs} | {shown} | {change} |")
    return "\n".join(lines)


def _interval(found: Ours, sign: str = "") -> str:
    shown = f"{found.value:{sign}.3f}"
    return shown if math.isnan(found.low) else f"{shown} [{found.low:{sign}.3f}, {found.high:{sign}.3f}]"


def _mean(row: Published, find: Find, cultures: Sequence[str]) -> Ours | None:
    """Over all cultures of the paper, none missing; they count as independent of each other."""
    known = _everywhere(row, find, cultures)
    if not known:
        return None
    value = fmean(ours.value for ours in known)
    low, high = (
        math.sqrt(sum((ours.value - bound) ** 2 for ours, bound in zip(known, bounds, strict=True))) / len(known)
        for bounds in ([ours.low for ours in known], [ours.high for ours in known])
    )
    return Ours(value, value - low, value + high)


def _everywhere(row: Published, find: Find, cultures: Sequence[str]) -> list[Ours]:
    """The figure of each culture; empty where one is missing."""
    found = [find(replace(row, culture=culture)) for culture in cultures]
    known = [ours for ours in found if ours is not None]
    return known if len(known) == len(found) else []


def _improved(row: Published, find: Find, cultures: Sequence[str]) -> Ours | None:
    """With Wilson's interval (1927) over the cultures."""
    pairs = zip(*(_everywhere(one, find, cultures) for one in (row, replace(row, label="base"))), strict=True)
    better = [own.value < base.value for own, base in pairs]
    if not better:
        return None
    n, share, z = len(better), fmean(better), 1.96
    centre, scale = share + z * z / (2 * n), 1 + z * z / n
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Ours(share, (centre - half) / scale, (centre + half) / scale)


def of_store(store: Path) -> Find:
    """Looks a figure up among the finished runs of a store; of several the newest counts, seeds are pooled."""
    protocols = records(store, "protocols", ProtocolRecord)
    benchmarks = finished_benchmarks(store)
    try:
        cells = with_items(finished(store))
    except AlignbenchError:
        cells = []

    def score(row: Published) -> Ours | None:
        facts = [(cell, cell.record.cell) for cell in cells]
        own = [cell for cell, cell_of in facts if (cell_of.model, cell_of.culture) == (row.model, row.culture)]
        named = by_name(own, method_name)
        held = [one for one in (pooled_board(named) if named else ()) if one.label == row.label]
        return next((_ours(*one.figure(row.metric)) for one in held), None)

    def protocol(row: Published) -> Ours | None:
        for _, _, record in reversed(protocols):
            if (record.model, record.culture) == (row.model, row.culture):
                for figure in record.figures:
                    if (figure.label, figure.metric) == (row.label, row.metric):
                        return _ours(figure.value, figure.low, figure.high)
        return None

    def benchmark(row: Published) -> Ours | None:
        for _, _, record in reversed(benchmarks):
            if (record.cell.model, record.cell.culture) == (row.model, row.culture):
                for line in record.lines:
                    if (line.label, line.metric, line.facets) == (row.label, row.metric, row.facets):
                        return _ours(line.value.value, line.value.low, line.value.high)
        return None

    found: dict[str, Find] = {"score": score, "protocols": protocol, "benchmark": benchmark}
    return lambda row: found[row.record](row)


def _ours(value: float | None, low: float | None, high: float | None) -> Ours | None:
    bounds = (math.nan if bound is None else bound for bound in (low, high))
    return None if value is None else Ours(value, *bounds)
