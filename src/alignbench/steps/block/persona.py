"""Who is asked: respondents by their demographics (AlKhamissi et al. 2024; CLCA's standard prompt)."""

from dataclasses import dataclass

from alignbench.context import RunContext
from alignbench.steps.block import Block, FixedTexts, Knobs
from alignbench.steps.texts import rendered


@dataclass(frozen=True)
class People(FixedTexts):
    """One variant a person."""

    says_who = True


def make(context: RunContext, knobs: Knobs) -> Block:
    """``personas`` people of the country, drawn at random, one variant each."""
    people, note = context.people(context.culture.iso3, knobs.personas)
    texts = (rendered("persona", culture=context.culture, person=person.words) for person in people)
    return People(tuple(texts), note)
