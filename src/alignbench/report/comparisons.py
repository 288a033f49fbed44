"""Methods side by side as one table: paired differences with their intervals, from the pooled boards."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.evaluation.board import corrected, minus
from alignbench.record.finished import finished, resampling, with_items
from alignbench.record.lineage import Lineage
from alignbench.report.board.groups import CultureBoard, groups
from alignbench.types import check

_OF_ROW = ("difference", "low", "high", "p_value", "p_raw", "detectable", "items", "batteries", "seeds", "note")


def comparisons(
    store: Path, against: str | None, methods: Sequence[str], cells: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """A row for each method of each board; see :func:`alignbench.compare`.

    Args:
        methods: which rows to return, by method or by label; () is all.
        cells: field of a cell's facts -> the values that it may have; boards are made of these cells alone.

    Raises:
        AlignbenchError: no cell is of that kind, or no method remains.
    """
    known = finished(store)
    for name, values in cells.items():
        there = sorted({getattr(cell.record.cell, name) for cell in known})
        for value in values:
            check(value in there, name, value, f"the store has {', '.join(map(str, there))}")
    chosen = [c for c in known if all(getattr(c.record.cell, name) in values for name, values in cells.items())]
    lines = [line for group in groups(with_items(chosen), Lineage(store)) for line in _lines(group, against)]
    labels = ", ".join(dict.fromkeys(line["method"] for line in lines)) or "none"
    for method in methods:
        check(any(_is(line, method) for line in lines), "method", method, f"methods that can be compared: {labels}")
    shown = [line for line in lines if not methods or any(_is(line, method) for method in methods)]
    check(bool(shown), "against", against, f"no method here can be compared with it; methods: {labels}")
    return pd.DataFrame(shown)


def _is(line: Mapping[str, Any], method: str) -> bool:
    """Whether a line is of the method, in whatever variant."""
    return bool(line["method"] == method or line["method"].startswith(f"{method}, "))


def _lines(group: CultureBoard, against: str | None) -> Iterator[dict[str, Any]]:
    facts = group.first.record.cell
    place = {"model": group.model, "culture": facts.culture, "country": facts.country}
    place |= {"survey": facts.survey, "split": facts.split}
    figures = _on_board(group) if against is None else _between(group, against)
    for label, other, values in figures:
        yield {**place, "method": label, "against": other, **dict(zip(_OF_ROW, values, strict=True))}


def _on_board(group: CultureBoard) -> Iterator[tuple[str, str | None, tuple[Any, ...]]]:
    for row in group.rows:
        if row.kind == "method" and row.difference is not None:
            change = (*row.figure("difference"), row.p_value, row.p_raw, row.detectable)
            yield row.label, row.against, (*change, row.items, row.batteries, row.seeds, row.note)


def _between(group: CultureBoard, against: str) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    models = [entry for entry in group.scored if entry.kind in ("base", "method", "prompted")]
    other = next((entry for entry in models if entry.label == against), None)
    rivals = [entry for entry in models if entry.kind == "method" and entry is not other]
    changes = [minus(entry, other, resampling(group.first)) for entry in rivals]
    found = [(entry, change) for entry, change in zip(rivals, changes, strict=True) if change is not None]
    for (entry, change), p in zip(found, corrected([change.p_value for _, change in found]), strict=True):
        figures = (change.value, change.low, change.high, p, change.p_value, change.detectable)
        yield entry.label, against, (*figures, len(entry.items), change.batteries, len(entry.frames), change.note)
