"""Self-alignment in context (Choenni and Shutova 2024): the nearest answered questions, with the country's answers."""

from dataclasses import dataclass

import numpy as np

from alignbench.context import RunContext
from alignbench.data.survey import Survey
from alignbench.embedder.nearest import Nearest
from alignbench.steps.block import Block, Knobs
from alignbench.steps.texts import rendered
from alignbench.types import Item, check


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
        answered = [(near.question, self._modal(near)) for near in ranked[: self.count]]
        return (rendered("neighbours", country=self.country, answered=answered),)

    def _modal(self, item: Item) -> str:
        return item.options[int(np.argmax(self.train.of(self.iso3)[item.id].shares))]


def make(context: RunContext, knobs: Knobs) -> Block:
    """The country's answered training items."""
    culture = context.culture
    asked = context.train.asked(culture.iso3)
    check(knobs.neighbours <= len(asked), "method.neighbours", knobs.neighbours, f"give 1 to {len(asked)}")
    questions = Nearest(tuple(item.question for item in asked), context.embedder)
    return Neighbours(culture.iso3, culture.country, context.train, asked, questions, knobs.neighbours)
