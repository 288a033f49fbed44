"""Prompting: no weights change, a system text is put together from blocks.

Every prompting baseline is a choice of blocks (``conf/method``): persona, anthropological, native language,
cross-culture thinking, self-alignment in context, guidance, retrieved values, norms, and any combination.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.aligned import AlignedModel
from alignbench.component import Count
from alignbench.data.languages import phrases, translations
from alignbench.method import Method, RunContext
from alignbench.steps.block import Block, Knobs, make, names
from alignbench.types import Item, PromptPolicy, Sampling, check, one_of

TRANSLATED = "Items and prompts in {language} were translated by a language model; no speaker has reviewed them."


@dataclass(frozen=True)
class Composed(PromptPolicy):
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

    def ready(self, folder: Callable[[Any], Path]) -> Composed:
        """Every block ready."""
        return replace(self, blocks=tuple(block.ready(folder) for block in self.blocks))


def _joined(variants: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """As many texts as the block with the most variants has."""
    count = max(map(len, variants))
    return tuple("\n\n".join(texts[i % len(texts)] for texts in variants) for i in range(count))


@dataclass(frozen=True)
class Prompted(Knobs, Method):
    """Which blocks, with their knobs (:class:`~alignbench.steps.block.Knobs`), and whether thoughts come first."""

    # country | persona | norms | comparison | neighbours | guidance | anthropological | retrieved, in this order.
    blocks: tuple[str, ...] = ("country",)
    # Ask for thoughts before the answer; answers are averaged over ``chains`` of them.
    reasoning: bool = False
    chains: Count = 4
    thought_tokens: Count = 48
    # Sampling of thoughts; common for reasoning models, our choice.
    temperature: float = 0.6
    top_p: float = 0.95

    def _consistent(self) -> None:
        check(bool(self.blocks), "method.blocks", [], f"name at least one of {', '.join(names())}")
        for name in self.blocks:
            one_of("method.blocks", name, names())
        foreign = not self.native or self.blocks == ("country",)
        check(foreign, "method.native", True, "only the block country speaks other languages: method.blocks=[country]")

    def align(self, context: RunContext) -> AlignedModel:
        """Put the blocks together; nothing is trained.

        Raises:
            AlignbenchError: a block lacks what it needs, or the language has no phrases.
        """
        blocks = tuple(make(name, context, self) for name in self.blocks)
        language = context.culture.language if self.native else "en"
        notes = [block.note for block in blocks if block.note]
        if language != "en":
            notes.append(TRANSLATED.format(language=phrases(language).name))
        thoughts = Sampling(self.thought_tokens, self.temperature, self.top_p, self.chains, context.seed)
        policy = Composed((), thoughts if self.reasoning else None, language, blocks)
        return AlignedModel(context.model, policy=policy, notes=tuple(notes))
