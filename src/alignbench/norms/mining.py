"""Norm mining: what a country's answers, or a topic's name, say about its norms (CNCA, arXiv 2511.13359).

Three ways: ``t`` the author knows the topic alone; ``tq_ta`` also the questions with the country's top answer;
``tq_ra`` also the order of all answers ("RA" is read as ranked answers [I]). Low-level norms, one an item, are
abstracted to general norms, a few a topic. Only the abstract of the paper is known, so this is CNCA-style.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from alignbench.data.survey import Survey
from alignbench.norms.author import Author, Evidence
from alignbench.norms.pool import level_shares
from alignbench.progress import track
from alignbench.store.manifest import write_json
from alignbench.tools import Tools
from alignbench.types import Answers, Item

_FILE = "norms.json"
_RANKED = 3  # answers told to the author


class Mining(Enum):
    """What the author is told."""

    t = "t"
    tq_ta = "tq_ta"
    tq_ra = "tq_ra"


@dataclass(frozen=True)
class LowNorms:
    """Item id -> its norm, in the survey's order; items of which the author said nothing are missing."""

    norms: Mapping[str, str]

    def save(self, folder: Path) -> None:
        """Write ``norms.json``."""
        write_json(folder / _FILE, dict(self.norms))

    @classmethod
    def load(cls, folder: Path) -> LowNorms:
        """What :meth:`save` wrote."""
        return cls(json.loads((folder / _FILE).read_text(encoding="utf-8")))


@dataclass(frozen=True)
class HighNorms:
    """Topic -> its general norms; none where the author said nothing."""

    norms: Mapping[str, tuple[str, ...]]

    def save(self, folder: Path) -> None:
        """Write ``norms.json``."""
        write_json(folder / _FILE, {topic: list(texts) for topic, texts in self.norms.items()})

    @classmethod
    def load(cls, folder: Path) -> HighNorms:
        """What :meth:`save` wrote."""
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls({topic: tuple(texts) for topic, texts in content.items()})


def mine_low(survey: Survey, iso3: str, subject: str, mining: Mining, author: Author, tools: Tools) -> LowNorms:
    """A norm for each item that the country was asked; ``survey`` holds training items alone."""
    items = survey.asked(iso3)
    told = 1 if mining is Mining.tq_ta else _RANKED
    evidence = [Evidence(item, ranked_levels(item, survey.of(iso3)[item.id])[:told]) for item in items]
    written = author.low_level(evidence, subject, tools)
    return LowNorms({item.id: text for item, text in zip(items, written, strict=True) if text})


def mine_high(survey: Survey, low: LowNorms, count: int, subject: str, author: Author, tools: Tools) -> HighNorms:
    """``count`` general norms for every topic that has low-level norms."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for item in survey.items:
        if item.id in low.norms:
            by_topic[item.topic].append(low.norms[item.id])
    topics = track(list(by_topic.items()), "norms by topic", unit="topics")
    return HighNorms({t: tuple(author.high_level(t, texts, count, subject, tools)) for t, texts in topics})


def mine_topics(survey: Survey, count: int, subject: str, author: Author, tools: Tools) -> HighNorms:
    """``count`` norms for every topic of the survey, out of its name."""
    names = track(list(dict.fromkeys(item.topic for item in survey.items)), "norms by topic", unit="topics")
    return HighNorms({t: tuple(author.from_topic(t, count, subject, tools)) for t in names})


def ranked_levels(item: Item, answers: Answers) -> tuple[int, ...]:
    """Levels by their share, the largest first; of equals the lower level first."""
    shares = level_shares(item, answers)
    return tuple(sorted(range(len(shares)), key=lambda level: (-shares[level], level)))
