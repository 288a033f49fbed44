"""Mined norms as stages, shared by all methods that read or learn them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.context import RunContext
from alignbench.data.survey import Survey
from alignbench.norms.author import Author
from alignbench.norms.mining import MiningInput, load, mine_high, mine_low, mine_topics, save
from alignbench.progress import say
from alignbench.store.stage import Stage, Tools
from alignbench.types import check


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
