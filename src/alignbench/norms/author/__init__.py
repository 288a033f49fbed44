"""Authors of norms: what turns survey answers, or a topic's name alone, into sentences about a society."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from alignbench.component import Component
from alignbench.store.stage import Tools
from alignbench.types import Item


@dataclass(frozen=True)
class Evidence:
    """What an author may know of one item in one country.

    Attributes:
        ranked: levels of the item (index into ``Item.predicates``) by share, the most frequent first; a single one
            where only the top answer may be told.
    """

    item: Item
    ranked: tuple[int, ...]


class Author(Component, ABC):
    """Knobs of a norm author. ``subject`` begins every sentence: "People in Iraq"."""

    _group = "author"

    @abstractmethod
    def low_level(self, evidence: Sequence[Evidence], subject: str, tools: Tools) -> list[str]:
        """One norm per item, an empty text where the author finds nothing to say."""

    @property
    def of_items(self) -> Author:
        """Itself without what :meth:`low_level` has no use for: the input of a stage that asks for no more."""
        return self

    @abstractmethod
    def high_level(self, topic: str, norms: Sequence[str], count: int, subject: str, tools: Tools) -> list[str]:
        """At most ``count`` general norms out of the low-level norms of a topic."""

    @abstractmethod
    def from_topic(self, topic: str, count: int, subject: str, tools: Tools) -> list[str]:
        """At most ``count`` norms out of the topic's name alone.

        Raises:
            AlignbenchError: this author knows nothing that it is not told.
        """

    @property
    @abstractmethod
    def note(self) -> str:
        """Who wrote the norms, for every table that rests on them."""
