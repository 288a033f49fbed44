"""ValuesRAG (Seo et al. 2025): summaries of respondents' values, the nearest to the question put into context.

There the summaries are written by a language model from a respondent's answers, retrieved by demographics and
reranked by a cross-encoder. Here a summary is the respondent's own answers on one topic as sentences, and one
embedder retrieves: named so in every table.
"""

from collections import defaultdict
from dataclasses import dataclass

from alignbench.component import recorded
from alignbench.context import RunContext
from alignbench.data.people import Person
from alignbench.embedder.nearest import Nearest
from alignbench.steps.block import Block, Knobs
from alignbench.steps.texts import rendered
from alignbench.types import Item

_SENTENCES = 4  # of a summary, the respondent's first answers on the topic


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


def make(context: RunContext, knobs: Knobs) -> Block:
    """Summaries of ``personas`` respondents by topic, from their answers to training items."""
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
