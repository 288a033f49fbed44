"""Two finished cells side by side, item by item; of two stores every cell that both hold."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import numpy as np
import pandas as pd

from alignbench.errors import AlignbenchError
from alignbench.evaluation.items import BoardEntry
from alignbench.evaluation.statistics import Difference, paired
from alignbench.files import write_table
from alignbench.missing import known
from alignbench.progress import say
from alignbench.record.finished import FinishedCell, finished, pages, resampling, with_items
from alignbench.report.numbers import change, number, signed
from alignbench.types import check

_QUESTION = 46  # characters of a question that are printed


@dataclass(frozen=True)
class CellPair:
    """Two cells of one culture on the items that both were asked.

    Attributes:
        difference: mean score of the second less the first, paired by item.
        items: a row per item: id, battery, question, ``first`` and ``second`` (scores), ``difference``; the largest
            difference first.
    """

    first: FinishedCell
    second: FinishedCell
    names: tuple[str, str]
    difference: Difference
    items: pd.DataFrame


def compared(first: str, second: str, store: Path) -> list[CellPair]:
    """The cells called ``first`` and ``second`` in the store, or the cells that two stores share by name.

    Raises:
        AlignbenchError: no such cell or store, a cell against a store, cells of two cultures, or nothing in common.
    """
    for name, value in (("task.first", first), ("task.second", second)):
        check(bool(value), name, value, "name a cell (its page, as in task=report) or the folder of a store")
    stores = [(Path(value) / "score").is_dir() for value in (first, second)]
    check(stores[0] == stores[1], "task.second", second, "compare two cells, or two folders of stores")
    if not all(stores):
        one, other = (_found(name, value, store) for name, value in (("task.first", first), ("task.second", second)))
        return [_pair(one, other, (first, second))]
    here, there = (_named(Path(value)) for value in (first, second))
    shared = [name for name in here if name in there]
    check(bool(shared), "task.second", second, "the two stores have no cell of one name")
    apart = sum(name not in shared for name in (*here, *there))
    if apart:
        say(f"{len(shared)} cells are in both stores, {apart} in one alone")
    return [_pair(here[name], there[name], (name, name)) for name in shared]


def _named(store: Path) -> dict[str, FinishedCell]:
    """Name of the page -> cell, of those whose scores by item can be read."""
    cells = with_items(finished(store))
    names = pages(cells)
    return {names[cell.stage]: cell for cell in cells}


def _found(field: str, name: str, store: Path) -> FinishedCell:
    cells = _named(store)
    if name in cells:
        return cells[name]
    keyed = [cell for cell in cells.values() if cell.stage.name.startswith(name)]
    if len(keyed) != 1:
        near = difflib.get_close_matches(name, cells, n=3, cutoff=0.3) or list(cells)[:3]
        raise AlignbenchError(field, name, f"no such cell in {store}; it has {', '.join(near)} ...")
    return keyed[0]


def _pair(first: FinishedCell, second: FinishedCell, names: tuple[str, str]) -> CellPair:
    cultures = [cell.record.cell.culture for cell in (first, second)]
    remedy = f"a cell of {cultures[1]} against one of {cultures[0]}: other people were asked, choose one culture"
    check(cultures[0] == cultures[1], "task.second", names[1], remedy)
    one, other = _entry(first), _entry(second)
    shared = [item for item in one.items if item in set(other.items)]
    check(bool(shared), "task.second", names[1], "the two cells were asked no item in common")
    before, after = (entry.js(shared).mean(axis=0) for entry in (one, other))
    batteries, questions = one.column("battery"), {item.id: item.question for item in first.record.items}
    frame = pd.DataFrame(
        {
            "item": shared,
            "battery": [batteries[item] for item in shared],
            "question": [questions.get(item, "") for item in shared],
            "first": before,
            "second": after,
            "difference": after - before,
        }
    )
    order = np.argsort(-np.abs(after - before), kind="stable")
    difference = paired(after, before, [batteries[item] for item in shared], resampling(second))
    return CellPair(first, second, names, difference, frame.iloc[order].reset_index(drop=True))


def _entry(cell: FinishedCell) -> BoardEntry:
    """The cell's own row; the base model's where nothing was aligned."""
    label = cell.record.headline.label
    return next(entry for entry in cell.scored if entry.label == label)


def print_pairs(pairs: Sequence[CellPair], items: int) -> None:
    """The difference of every pair, the one that moved most first; of a single pair its items, too."""
    if len(pairs) > 1:
        for pair in sorted(pairs, key=lambda one: -abs(one.difference.value)):
            say(f"{_change(pair.difference):>26}  {_least(pair.difference)}  {pair.names[0]}")
        return
    (pair,) = pairs
    one, other = (float(pair.items[side].mean()) for side in ("first", "second"))
    say(f"first   {number(one)}  {pair.names[0]}\nsecond  {number(other)}  {pair.names[1]}")
    say(f"second less first: {_change(pair.difference)}, {len(pair.items)} items; {_least(pair.difference)}\n")
    say(f"{'first':>7}{'second':>8}{'change':>9}  item")
    for row in pair.items.head(items).to_dict("records"):
        question = shorten(row["question"], _QUESTION, placeholder=" ...")
        figures = f"{number(row['first']):>7}{number(row['second']):>8}{signed(row['difference']):>9}"
        say(f"{figures}  {row['item']:<6} {question}".rstrip())


def _change(found: Difference) -> str:
    return change(found.value, known(found.low), known(found.high))


def _least(found: Difference) -> str:
    return f"detectable {number(known(found.detectable))}"


def write_pairs(pairs: Sequence[CellPair], reports: Path) -> Path:
    """``compare-FIRST-SECOND.csv``, a row per cell and item; of stores ``compare.csv``. Its path."""
    name = "-".join(pairs[0].names) if len(pairs) == 1 else ""
    path = reports / ("-".join(filter(None, ["compare", name])) + ".csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, pd.concat([pair.items.assign(cell=pair.names[1]) for pair in pairs], ignore_index=True))
    return path
