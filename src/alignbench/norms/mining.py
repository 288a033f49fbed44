"""Norm mining: what a country's answers, or a topic's name, say about its norms (CNCA, arXiv 2511.13359).

Three ways: ``t`` the author knows the topic alone; ``tq_ta`` also the questions with the country's top answer;
``tq_ra`` also the order of all answers ("RA" is read as ranked answers [I]). Low-level norms, one an item, are
abstracted to general norms, a few a topic. Only the abstract of the paper is known, so this is CNCA-style.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from alignbench.data.survey import Survey
from alignbench.norms.author import Author, Evidence
from alignbench.norms.pool import level_shares
from alignbench.progress import track
from alignbench.store.manifest import write_json
from alignbench.store.stage import Tools
from alignbench.types import Answers, Item

_FILE = "norms.json"
_RANKED = 3  # answers told to the author


class MiningInput(Enum):
    """What the author is told."""

    t = "t"
    tq_ta = "tq_ta"
    tq_ra = "tq_ra"


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
