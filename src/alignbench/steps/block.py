"""Blocks of a prompt: what a system text may be made of; ``method.blocks`` names them in order.

The fields of a block are its identity; :mod:`alignbench.method.prompt` makes them. Blocks learn from the training split
alone; an item that is to be asked shows them its question, never an answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from alignbench.component import recorded
from alignbench.data.languages import translations
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder, Vectors
from alignbench.steps.texts import rendered
from alignbench.types import Item, PromptPolicy, check


class Block(ABC):
    """A part of the system text; several variants are averaged over.

    Attributes:
        says_who: whether it names the respondent, whose place another one takes in an interview.
        note: what every table that rests on this block must say.
    """

    says_who: ClassVar[bool] = False
    note: str | None = None

    @abstractmethod
    def texts(self, item: Item) -> tuple[str, ...]:
        """The variants of this block for an item, at least one."""

    def ready(self, folder: Callable[[Any], Path]) -> Block:
        """The block with what it reads of stages at hand; ``folder`` says where their content lies."""
        return self


@dataclass(frozen=True)
class FixedTexts(Block):
    """The same texts for every item."""

    variants: tuple[str, ...]
    note: str | None = recorded(None)

    def texts(self, item: Item) -> tuple[str, ...]:
        """All variants."""
        return self.variants


@dataclass(frozen=True)
class BlockPolicy(PromptPolicy):
    """Blocks joined by blank lines; as many system texts as the block with the most variants has."""

    blocks: tuple[Block, ...] = ()

    def systems_for(self, item: Item) -> tuple[str | None, ...]:
        """System texts for this item; blocks with fewer variants start again."""
        return _joined([block.texts(item) for block in self.blocks])

    def systems_as(self, person: str, item: Item) -> tuple[str, ...]:
        """``person`` takes the place of a block that says who is asked; the others follow."""
        return _joined([(person,), *(block.texts(item) for block in self.blocks if not block.says_who)])

    def worded(self, item: Item) -> Item:
        """The item in the policy's language.

        Raises:
            AlignbenchError: the item is not translated.
        """
        return translated(item, self.language)

    def ready(self, folder: Callable[[Any], Path]) -> BlockPolicy:
        """Every block ready."""
        return replace(self, blocks=tuple(block.ready(folder) for block in self.blocks))


@dataclass(frozen=True)
class Translated(PromptPolicy):
    """Another policy, its system texts as they are, asking in ``language``."""

    own: PromptPolicy = field(default_factory=PromptPolicy)

    def systems_for(self, item: Item) -> tuple[str | None, ...]:
        """Those of the own policy."""
        return self.own.systems_for(item)

    def systems_as(self, person: str, item: Item) -> tuple[str, ...]:
        """Those of the own policy."""
        return self.own.systems_as(person, item)

    def worded(self, item: Item) -> Item:
        """The item in the language.

        Raises:
            AlignbenchError: the item is not translated.
        """
        return translated(item, self.language)

    def ready(self, folder: Callable[[Any], Path]) -> Translated:
        """The own policy ready."""
        return replace(self, own=self.own.ready(folder))


def translated(item: Item, language: str) -> Item:
    """The item in that language, with the same codes.

    Raises:
        AlignbenchError: it is not translated.
    """
    if language == "en":
        return item
    known = translations(language)
    remedy = (
        f"this item is not translated into {language}: choose another survey, or leave out method.native, task.native"
    )
    check(item.id in known and known[item.id].codes == item.codes, "item", item.id, remedy)
    return known[item.id]


def _joined(variants: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """As many texts as the block with the most variants has."""
    count = max(map(len, variants))
    return tuple("\n\n".join(texts[i % len(texts)] for texts in variants) for i in range(count))


@dataclass(frozen=True)
class Nearest:
    """Texts to be found by cosine; embedded at the first question, so that who asks nothing loads no embedder."""

    texts: tuple[str, ...]
    embedder: Embedder

    def ranked(self, question: str) -> list[int]:
        """Positions of all texts, the nearest first; of equally near ones the earlier."""
        likeness = self._vectors @ self.embedder.encode([question])[0]
        return [int(i) for i in np.argsort(-likeness, kind="stable")]

    @cached_property
    def _vectors(self) -> Vectors:
        return self.embedder.encode(self.texts)


@dataclass(frozen=True)
class People(FixedTexts):
    """One variant a person."""

    says_who = True


@dataclass(frozen=True)
class Neighbours(Block):
    """``count`` training items nearest to the question by cosine of the embedded questions."""

    iso3: str
    country: str
    train: Survey
    asked: tuple[Item, ...]
    questions: Nearest
    count: int

    def texts(self, item: Item) -> tuple[str, ...]:
        """Their questions with the country's most frequent answer; the item itself is never among them."""
        ranked = [self.asked[i] for i in self.questions.ranked(item.question) if self.asked[i].id != item.id]
        shares = self.train.of(self.iso3)
        answered = [(i.question, i.options[int(np.argmax(shares[i.id].shares))]) for i in ranked[: self.count]]
        return (rendered("neighbours", country=self.country, answered=answered),)


@dataclass(frozen=True)
class NearestSummaries(Block):
    """``count`` of the summaries, those nearest to the question by cosine."""

    country: str
    summaries: Nearest
    count: int
    note: str | None = recorded(None)

    def texts(self, item: Item) -> tuple[str, ...]:
        """The nearest summaries, in one text."""
        nearest = [self.summaries.texts[i] for i in self.summaries.ranked(item.question)[: self.count]]
        return (rendered("retrieved", country=self.country, summaries=nearest),)
