"""Blocks of a prompt: what a system text may be made of; ``method.blocks`` names them in order.

The fields of a block are its identity. :data:`BLOCKS` has the function that makes each. Blocks learn from the training
split alone; an item that is to be asked shows them its question, never an answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from alignbench.component import Component, Count, recorded
from alignbench.context import RunContext
from alignbench.data.distance import by_distance
from alignbench.data.languages import phrases, translations
from alignbench.data.people import Person
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder, Vectors
from alignbench.steps.mining import Abstract, MiningInput, high_norms, load
from alignbench.steps.texts import rendered, wordings
from alignbench.types import Item, PromptPolicy, check

# Of a summary: the respondent's first answers on the topic.
_SENTENCES = 4


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
    # What the author of norms is told: t | tq_ta | tq_ra (see alignbench.steps.mining).
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


def country(context: RunContext, knobs: Knobs) -> Block:
    """Who is asked: an average person of the country (Tao et al. 2024), in English or in the country's language."""
    culture = context.culture
    known = wordings(culture)
    if knobs.native and culture.language != "en":
        known = phrases(culture.language).systems.get(culture.iso3, ())
        check(bool(known), "culture", culture.name, f"no descriptors in {culture.language}: say method.native=false")
    return FixedTexts(known[: knobs.wordings])


@dataclass(frozen=True)
class People(FixedTexts):
    """One variant a person."""

    says_who = True


def persona(context: RunContext, knobs: Knobs) -> Block:
    """Who is asked: ``personas`` people drawn at random (AlKhamissi et al. 2024; CLCA's standard prompt)."""
    people, note = context.people(context.culture.iso3, knobs.personas)
    texts = (rendered("persona", culture=context.culture, person=person.words) for person in people)
    return People(tuple(texts), note)


@dataclass(frozen=True)
class TopicNorms(Block):
    """The norms of the item's topic; for a topic without any, the ``count`` nearest to the question."""

    source: Abstract
    embedder: Embedder
    count: int
    note: str | None = recorded(None)

    def ready(self, folder: Callable[[Any], Path]) -> Block:
        """The block with the norms read."""
        norms = {topic: tuple(texts) for topic, texts in load(folder(self.source)).items()}
        every = tuple(dict.fromkeys(text for texts in norms.values() for text in texts))
        return _TopicTexts(norms, Nearest(every, self.embedder), self.count)

    def texts(self, item: Item) -> tuple[str, ...]:
        """Known once the block is ready."""
        raise AssertionError("call ready() first: the norms lie in the folder of a stage")


@dataclass(frozen=True)
class _TopicTexts(Block):
    norms: Mapping[str, tuple[str, ...]]
    every: Nearest
    count: int

    def texts(self, item: Item) -> tuple[str, ...]:
        nearest = [self.every.texts[i] for i in sorted(self.every.ranked(item.question)[: self.count])]
        return (rendered("norms", norms=self.norms.get(item.topic) or nearest),)


def norms(context: RunContext, knobs: Knobs) -> Block:
    """Mined norms of the item's topic (CNCA in context)."""
    source = high_norms(context, knobs.mining, knobs.norms_per_topic, knobs.named)
    return TopicNorms(source, context.embedder, knobs.norms_per_topic, context.author.note)


def comparison(context: RunContext, knobs: Knobs) -> Block:
    """Cross-culture thinking (CultureSPA, Xu et al. 2025, prompt P2): the most similar and most different countries.

    ``similar`` at either end of the distance by training items; countries without a name are left out.
    """
    ranked = by_distance(context.train, context.culture.iso3)
    near = [context.countries[iso3] for iso3, _ in ranked if iso3 in context.countries]
    remedy = f"only {len(near)} other countries are known: ask for at most half of them"
    check(2 * knobs.similar <= len(near), "method.similar", knobs.similar, remedy)
    ends = {"similar": near[: knobs.similar], "different": near[::-1][: knobs.similar]}
    return FixedTexts((rendered("comparison", culture=context.culture, **ends),))


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


def neighbours(context: RunContext, knobs: Knobs) -> Block:
    """Self-alignment in context (Choenni and Shutova 2024): answered questions with the country's answers."""
    culture = context.culture
    asked = context.train.asked(culture.iso3)
    check(knobs.neighbours <= len(asked), "method.neighbours", knobs.neighbours, f"give 1 to {len(asked)}")
    questions = Nearest(tuple(item.question for item in asked), context.embedder)
    return Neighbours(culture.iso3, culture.country, context.train, asked, questions, knobs.neighbours)


def guidance(context: RunContext, knobs: Knobs) -> Block:
    """Culturally responsive guidance, after the CCCI-R items that CultureCare made prompts of; wording ours."""
    return FixedTexts((rendered("guidance", culture=context.culture),))


def anthropological(context: RunContext, knobs: Knobs) -> Block:
    """A framework to reason over before answering (AlKhamissi et al. 2024); wording ours.

    Of its points at least seven are published; two could not be recovered, so the list is ours in part.
    """
    return FixedTexts((rendered("anthropological", culture=context.culture),))


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


def retrieved(context: RunContext, knobs: Knobs) -> Block:
    """ValuesRAG (Seo et al. 2025): summaries of respondents' values, the nearest to the question put into context.

    There the summaries are written by a language model from a respondent's answers, retrieved by demographics and
    reranked by a cross-encoder. Here a summary is the respondent's own answers on one topic as sentences, and one
    embedder retrieves: named so in every table.
    """
    people, note = context.people(context.culture.iso3, knobs.personas)
    items = {item.id: item for item in context.train.items}
    summaries = tuple(dict.fromkeys(text for person in people for text in _summaries(person, items)))
    return NearestSummaries(context.culture.country, Nearest(summaries, context.embedder), knobs.retrieved, note)


def _summaries(person: Person, items: dict[str, Item]) -> list[str]:
    by_topic: dict[str, list[str]] = defaultdict(list)
    for item_id, position in person.answers.items():
        item = items[item_id]
        by_topic[item.topic].append(item.statement(item.level(position), "I"))
    return [f"{person.words[:1].upper()}{person.words[1:]}: {' '.join(s[:_SENTENCES])}" for s in by_topic.values()]


# Name -> what makes the block; the errors are those of what it needs and is not there.
BLOCKS: dict[str, Callable[[RunContext, Knobs], Block]] = {
    make.__name__: make
    for make in (country, persona, norms, comparison, neighbours, guidance, anthropological, retrieved)
}
