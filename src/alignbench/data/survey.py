"""A survey: items, and how countries answered them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from alignbench.errors import AlignbenchError
from alignbench.types import Answers, Item


@dataclass(frozen=True)
class Unanswered:
    """How many respondents of a country gave no answer to an item that counts.

    Attributes:
        missing: a code for it: negative, or declared missing by the file itself.
        blank: nothing at all.
        off_scale: a value that is no code of the item.
    """

    missing: int = 0
    blank: int = 0
    off_scale: int = 0


@dataclass(frozen=True)
class Survey:
    """Items and answers, checked and complete in memory.

    Attributes:
        answers: iso3 -> item id -> :class:`~alignbench.types.Answers`; a country lacks the items
            it was not asked.
        fingerprint: hash of items and answers as loaded.
        dropped: (iso3, item id) -> why a cell of the source is not used.
        warning: what every report of this survey must say first.
        gaps: (iso3, item id) -> who gave no answer, where the source knows and there is somebody.
        notes: what was found and left out when the source was read, a sentence each.
    """

    name: str
    title: str
    year: str
    citation: str
    licence: str
    items: tuple[Item, ...]
    answers: Mapping[str, Mapping[str, Answers]]
    fingerprint: str
    dropped: Mapping[tuple[str, str], str] = field(default_factory=dict)
    warning: str | None = None
    gaps: Mapping[tuple[str, str], Unanswered] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, str]:
        """Items and answers by content."""
        return {"survey": self.fingerprint}

    def item(self, item_id: str) -> Item:
        """The item of that id."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise AlignbenchError("item", item_id, f"survey {self.name} has no such item")

    def asked(self, iso3: str) -> tuple[Item, ...]:
        """Items that the country answered, in the survey's order."""
        return tuple(i for i in self.items if i.id in self.of(iso3))

    def of(self, iso3: str) -> Mapping[str, Answers]:
        """Answers of one country.

        Raises:
            AlignbenchError: the survey did not go there; the message lists the countries.
        """
        if iso3 not in self.answers:
            known = ", ".join(sorted(self.answers))
            remedy = f"choose another survey or culture; survey {self.name} holds {known}"
            raise AlignbenchError("culture.iso3", iso3, remedy)
        return self.answers[iso3]

    def sizes(self, iso3: str, items: Iterable[Item]) -> str | None:
        """Respondents an item, and what they are worth after weights, in a sentence; None without such numbers."""
        answers = [self.of(iso3)[item.id] for item in items if item.id in self.of(iso3)]
        counted = [a.n for a in answers if a.n is not None]
        worth = [round(a.effective) for a in answers if a.effective is not None]
        if not counted:
            return None
        weighted = f", {_range(worth)} after weights (Kish's effective n)" if worth else ""
        return f"Respondents an item in {iso3}: {_range(counted)}{weighted}."

    def restrict(self, batteries: Iterable[str]) -> Survey:
        """A new survey with only the items of these batteries, and its own fingerprint."""
        keep = set(batteries)
        items = tuple(i for i in self.items if i.battery in keep)
        ids = {i.id for i in items}
        answers = {c: {q: a for q, a in cells.items() if q in ids} for c, cells in self.answers.items()}
        dropped = {(c, q): why for (c, q), why in self.dropped.items() if q in ids}
        fingerprint = hashlib.sha256(f"{self.fingerprint} {sorted(ids)}".encode()).hexdigest()
        return replace(self, items=items, answers=answers, fingerprint=fingerprint, dropped=dropped)

    def of_countries(self, countries: Iterable[str]) -> Survey:
        """A new survey with the answers of these countries (iso3) alone, and its own fingerprint."""
        keep = set(countries)
        answers = {c: cells for c, cells in self.answers.items() if c in keep}
        dropped = {(c, q): why for (c, q), why in self.dropped.items() if c in keep}
        gaps = {(c, q): gap for (c, q), gap in self.gaps.items() if c in keep}
        fingerprint = hashlib.sha256(f"{self.fingerprint} of {sorted(answers)}".encode()).hexdigest()
        return replace(self, answers=answers, fingerprint=fingerprint, dropped=dropped, gaps=gaps)


def _range(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
