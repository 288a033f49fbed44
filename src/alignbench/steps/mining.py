"""Norm mining: what a country's answers, or a topic's name, say about its norms (CNCA, arXiv 2511.13359).

Low-level norms, one an item, are abstracted to general norms, a few a topic; the stages are shared by all methods that
read or learn them. Only the abstract of the paper is known, so this is CNCA-style.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from alignbench.context import RunContext
from alignbench.data.survey import Survey
from alignbench.norms.author import Author, Evidence
from alignbench.norms.pool import level_shares
from alignbench.progress import say, track
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.types import Answers, Item, check

_FILE = "norms.json"
_RANKED = 3  # answers told to the author


class MiningInput(Enum):
    """What the author is told."""

    t = "t"  # the topic alone
    tq_ta = "tq_ta"  # also the questions with the country's top answer
    tq_ra = "tq_ra"  # also the order of all answers ("RA" is read as ranked answers [I])


def save(folder: Path, norms: Mapping[str, Any]) -> None:
    """Write norms as ``norms.json``."""
    write_json(folder / _FILE, norms)


def load(folder: Path) -> dict[str, Any]:
    """What :func:`save` wrote: a norm of each item, or a list of norms of each topic."""
    norms: dict[str, Any] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return norms


def mine_low(
    survey: Survey, iso3: str, subject: str, mining: MiningInput, author: Author, tools: Tools
) -> dict[str, str]:
    """Item id -> its norm, of each item that the country was asked, in the survey's order.

    Items of which the author said nothing are missing. ``survey`` holds training items alone.
    """
    items = survey.asked(iso3)
    told = 1 if mining is MiningInput.tq_ta else _RANKED
    evidence = [Evidence(item, ranked_levels(item, survey.of(iso3)[item.id])[:told]) for item in items]
    written = author.low_level(evidence, subject, tools)
    return {item.id: text for item, text in zip(items, written, strict=True) if text}


def mine_high(
    survey: Survey, low: Mapping[str, str], count: int, subject: str, author: Author, tools: Tools
) -> dict[str, list[str]]:
    """Topic -> at most ``count`` general norms, of every topic that has low-level norms."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for item in survey.items:
        if item.id in low:
            by_topic[item.topic].append(low[item.id])
    topics = track(list(by_topic.items()), "norms by topic", unit="topics")
    return {topic: author.high_level(topic, texts, count, subject, tools) for topic, texts in topics}


def mine_topics(survey: Survey, count: int, subject: str, author: Author, tools: Tools) -> dict[str, list[str]]:
    """Topic -> at most ``count`` norms out of its name, of every topic of the survey."""
    names = track(list(dict.fromkeys(item.topic for item in survey.items)), "norms by topic", unit="topics")
    return {topic: author.from_topic(topic, count, subject, tools) for topic in names}


def ranked_levels(item: Item, answers: Answers) -> tuple[int, ...]:
    """Levels by their share, the largest first; of equals the lower level first."""
    shares = level_shares(item, answers)
    return tuple(sorted(range(len(shares)), key=lambda level: (-shares[level], level)))


@dataclass(frozen=True)
class Mine(Stage):
    """A norm for every training item of the country of which the author has something to say.

    Attributes:
        subject: whom the norms speak of.
    """

    name = "mine"

    survey: Survey
    iso3: str
    subject: str
    mining: MiningInput
    author: Author

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Write the norms.

        Raises:
            AlignbenchError: a language model as author said too little.
        """
        mined = mine_low(self.survey, self.iso3, self.subject, self.mining, self.author, tools)
        save(folder, mined)
        return {"norms": len(mined)}


@dataclass(frozen=True)
class Abstract(Stage):
    """General norms of every topic, out of ``low`` or, without it, out of the topics' names alone."""

    name = "abstract"

    survey: Survey
    low: Mine | None
    count: int
    subject: str
    author: Author

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Write the norms.

        Raises:
            AlignbenchError: the author said nothing of any topic.
        """
        if self.low is None:
            mined = mine_topics(self.survey, self.count, self.subject, self.author, tools)
        else:
            mined = mine_high(self.survey, load(tools.folder(self.low)), self.count, self.subject, self.author, tools)
        save(folder, mined)
        empty = [topic for topic, texts in mined.items() if not texts]
        if empty:
            say(f"  topics of which nothing was said: {', '.join(empty)}")
        remedy = "it said nothing of any topic: choose another"
        check(len(empty) < len(mined), "author", self.author.note, remedy)
        return {"topics": len(mined), "empty": len(empty), "norms": sum(map(len, mined.values()))}


def low_norms(context: RunContext, mining: MiningInput, named: bool) -> Mine:
    """The stage of the culture's low-level norms; ``named`` says whether they name the country."""
    return Mine(context.train, context.culture.iso3, _subject(context, named), mining, context.author.of_items)


def high_norms(context: RunContext, mining: MiningInput, count: int, named: bool) -> Abstract:
    """The stage of the culture's general norms, at most ``count`` a topic."""
    low = None if mining is MiningInput.t else low_norms(context, mining, named)
    return Abstract(context.train, low, count, _subject(context, named), context.author)


def _subject(context: RunContext, named: bool) -> str:
    return f"People in {context.culture.country}" if named else "People here"
