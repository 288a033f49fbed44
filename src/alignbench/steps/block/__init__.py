"""Blocks of a prompt: what a system text may be made of. One module each; ``method.blocks`` names them in order.

The fields of a block are its identity. A module has ``make(context, knobs) -> Block``. Blocks learn from the training
split alone; an item that is to be asked shows them its question, never an answer.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from alignbench.component import Component, Count, recorded
from alignbench.context import RunContext
from alignbench.data.languages import translations
from alignbench.norms.mining import MiningInput
from alignbench.types import Item, PromptPolicy, check


@dataclass(frozen=True)
class Knobs(Component):
    """Knobs of all blocks; a block that is not chosen ignores its own."""

    # Descriptors of the country, at most ten (three in other languages).
    wordings: Count = 1
    # People drawn for persona and retrieved.
    personas: Count = 10
    # Countries named at either end by comparison; 3 in CultureSPA.
    similar: Count = 3
    # Answered questions shown by neighbours; 5 in CultureSPA's port.
    neighbours: Count = 5
    # Summaries shown by retrieved; 3 did best in ValuesRAG.
    retrieved: Count = 3
    # What the author of norms is told: t | tq_ta | tq_ra (see alignbench.norms.mining).
    mining: MiningInput = MiningInput.tq_ta
    # General norms a topic that norms shows; the paper varies the number, its values are not known [I].
    norms_per_topic: Count = 5
    # Whether the norms name the country, or speak of "people here" [I].
    named: bool = True
    # Ask in the culture's own language.
    native: bool = False


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
        if self.language == "en":
            return item
        known = translations(self.language)
        remedy = f"this item is not translated into {self.language}: choose another survey or method.native=false"
        check(item.id in known and known[item.id].codes == item.codes, "item", item.id, remedy)
        return known[item.id]

    def ready(self, folder: Callable[[Any], Path]) -> BlockPolicy:
        """Every block ready."""
        return replace(self, blocks=tuple(block.ready(folder) for block in self.blocks))


def _joined(variants: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """As many texts as the block with the most variants has."""
    count = max(map(len, variants))
    return tuple("\n\n".join(texts[i % len(texts)] for texts in variants) for i in range(count))


def names() -> list[str]:
    """All blocks."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def make(name: str, context: RunContext, knobs: Knobs) -> Block:
    """The block of that name, one of :func:`names`.

    Raises:
        AlignbenchError: what it needs is not there.
    """
    block: Block = importlib.import_module(f"{__name__}.{name}").make(context, knobs)
    return block
