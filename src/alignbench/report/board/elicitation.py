"""How much of a method's gain depends on how one asks: the same items of one culture in several forms of eliciting."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from alignbench.evaluation.board import compared_with, corrected, minus
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.items import BoardEntry, seeds_of
from alignbench.evaluation.statistics import Difference, paired
from alignbench.identity import canonical
from alignbench.missing import known
from alignbench.record.finished import OF_ELICITING, resampling
from alignbench.report.board.groups import CultureBoard, asked_as
from alignbench.report.board.variant import differing
from alignbench.report.numbers import change, number, p_value, pipe_table

READING = (
    "The same model, adapter and prompt on the same items, where only the way in which an answer is taken differs "
    "(scoring.elicit). Every gain is over the base model asked in the same form; marked ‡ over the base given the same "
    "prompt. Moved is the gain less that in the first form of its culture and method, paired by item: what of the gain "
    "is the form. Its p-values are corrected after Holm over this table. Unread: replies of the method, and of what it "
    "is compared with, that could not be read and were left out."
)


@dataclass(frozen=True)
class ElicitedGain:
    """The gain of a method in one form.

    Attributes:
        form: value of ``scoring.elicit``, with further knobs where the store holds it several times.
        prompted: whether the gain is over the base model given the same prompt.
        score, against: of the method, and of what it is compared with.
        moved: the gain less that in the first form, paired by item; None for that form, or without a shared seed.
        p_value: of ``moved``, two-sided, corrected after Holm over all of them; None where there is none.
        unread: share of the method's replies that could not be read; None where probabilities were looked up.
        unread_against: the same of what it is compared with.
    """

    model: str
    split: str
    culture: str
    label: str
    form: str
    prompted: bool
    score: float
    against: float
    gain: Difference
    moved: Difference | None
    p_value: float | None
    unread: float | None
    unread_against: float | None


@dataclass(frozen=True)
class _Pair:
    """A method's entry and what it is compared with, in one form."""

    group: CultureBoard
    form: str
    entry: BoardEntry
    other: BoardEntry


def elicited(groups: Sequence[CultureBoard]) -> list[ElicitedGain]:
    """The gains of every method that was asked in two forms or more on a board that is otherwise the same.

    Groups of one world; a group's own board is never mixed with another's.
    """
    alike: dict[str, list[CultureBoard]] = {}
    for group in groups:
        facts = group.first.record.cell
        way = {name: value for name, value in asked_as(group.first).items() if name not in (*OF_ELICITING, "base")}
        alike.setdefault(canonical([facts.model, facts.split, facts.culture, way]), []).append(group)
    found = [gain for boards in alike.values() if len(boards) > 1 for gain in _of(boards)]
    together = corrected([known(gain.moved.p_value) if gain.moved else None for gain in found])
    return [replace(gain, p_value=p) for gain, p in zip(found, together, strict=True)]


def _of(boards: Sequence[CultureBoard]) -> list[ElicitedGain]:
    pairs: dict[str, list[_Pair]] = {}
    for form, group in _named(boards):
        by_label = {entry.label: entry for entry in group.scored}
        for entry in group.scored:
            other = compared_with(entry, by_label) if entry.kind == "method" else None
            if other is not None:
                pairs.setdefault(entry.label, []).append(_Pair(group, form, entry, other))
    return [gain for of_method in pairs.values() if len(of_method) > 1 for gain in _gains(of_method)]


def _named(boards: Sequence[CultureBoard]) -> list[tuple[str, CultureBoard]]:
    """The boards under the names of their forms, in the order of the forms."""
    found = []
    for form in Elicit:
        ways = [(asked_as(group.first), group) for group in boards]
        same = [(way, group) for way, group in ways if way.get("elicit") == form.name]
        apart = differing([way for way, _ in same])
        found += [(", ".join([form.name, *(f"{k}={way.get(k)}" for k in apart)]), group) for way, group in same]
    return found


def _gains(pairs: Sequence[_Pair]) -> list[ElicitedGain]:
    first, found = pairs[0], []
    for pair in pairs:
        facts, bootstrap = pair.group.first.record.cell, resampling(pair.group.first)
        gain = minus(pair.entry, pair.other, bootstrap)
        if gain is None:
            continue
        found.append(
            ElicitedGain(
                model=facts.model,
                split=facts.split,
                culture=pair.group.title,
                label=pair.entry.label,
                form=pair.form,
                prompted=pair.other.kind == "prompted",
                score=pair.entry.mean("js"),
                against=pair.other.mean("js"),
                gain=gain,
                moved=None if pair is first else _moved(pair, first),
                p_value=None,
                unread=known(pair.entry.mean("unread")),
                unread_against=known(pair.other.mean("unread")),
            )
        )
    return found


def _moved(pair: _Pair, first: _Pair) -> Difference | None:
    """The gain of ``pair`` less that of ``first``, by item and seed."""
    seeds = seeds_of((pair.entry, pair.other, first.entry, first.other))
    if seeds is None:
        return None
    items, batteries = pair.entry.items, pair.entry.batteries
    here, there = (p.entry.js(items, seeds) - p.other.js(items, seeds) for p in (pair, first))
    return paired(here, there, batteries, resampling(pair.group.first))


def plain(one: ElicitedGain) -> dict[str, Any]:
    """The figures for a table, those of the differences each under their name."""
    figures = {name: value for name, value in vars(one).items() if name not in ("gain", "moved")}
    for name in ("gain", "moved"):
        held = getattr(one, name)
        values = asdict(held) if held else {}
        figures[name] = values.get("value")
        figures |= {f"{name}_{part}": values.get(part) for part in ("low", "high", "detectable")}
    return figures


def markdown(found: Sequence[ElicitedGain]) -> str:
    """One table of the figures."""
    titles = ["culture", "model", "method", "form", "score", "of the base", "gain, 95 %", "moved, 95 %", "p (Holm)"]
    rows = [
        (
            *(one.culture, one.model, one.label, one.form),
            *(number(one.score), number(one.against), gain_text(one), moved_text(one), p_value(one.p_value)),
            f"{number(one.unread, 2)} / {number(one.unread_against, 2)}",
        )
        for one in found
    ]
    return pipe_table([*titles, "unread"], rows, 4)


def gain_text(one: ElicitedGain) -> str:
    """``+0.051 [0.020, 0.080] ‡``."""
    return change(one.gain.value, one.gain.low, one.gain.high) + (" ‡" if one.prompted else "")


def moved_text(one: ElicitedGain) -> str:
    """The same of what the form moved; a dash for the first form."""
    return number(None) if one.moved is None else change(one.moved.value, one.moved.low, one.moved.high)
