"""Splits of cultures: which ones a training never sees, fixed in a file for all surveys and methods.

They stand beside the split of batteries (:mod:`alignbench.data.splits`). The strictest test is the cross of both:
held-out questions, asked of a culture that was left out.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from alignbench.types import Split, check

_FILE = Path(__file__).parents[1] / "resources" / "culture_splits.csv"


class LeaveOut(Enum):
    """Which cultures a training of several does without."""

    none = "none"
    zone = "zone"  # whole cultural zones
    random = "random"  # a quarter of each zone, so that every culture that is left out has neighbours that are not


@dataclass(frozen=True)
class CultureSplit:
    """A line of the file: the cultural zone of a country, and its split either way."""

    zone: str
    by_zone: Split
    at_random: Split

    def split(self, how: LeaveOut) -> Split:
        """``train`` or ``test``; nothing is left out with ``none``."""
        return {LeaveOut.zone: self.by_zone, LeaveOut.random: self.at_random}.get(how, Split.train)


@cache
def culture_splits() -> dict[str, CultureSplit]:
    """iso3 -> its line; read once a process."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {r["iso3"]: CultureSplit(r["zone"], Split[r["by_zone"]], Split[r["at_random"]]) for r in rows}


def left_in(countries: Iterable[str], how: LeaveOut) -> tuple[str, ...]:
    """The countries (iso3) that a training sees, sorted.

    Raises:
        AlignbenchError: the file says nothing of one of them.
    """
    found, known = [], culture_splits()
    for iso3 in sorted(countries):
        check(how is LeaveOut.none or iso3 in known, "method.leave_out", how.name, _remedy(iso3))
        if how is LeaveOut.none or known[iso3].split(how) is Split.train:
            found.append(iso3)
    return tuple(found)


def _remedy(iso3: str) -> str:
    return f"no split is given for {iso3}: say none, and name the countries to train on with method.cultures"
