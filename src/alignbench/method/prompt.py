"""Prompting: no weights change, a system text is put together from blocks.

Every prompting baseline is a choice of blocks (``conf/method``): persona, anthropological, native language,
cross-culture thinking, self-alignment in context, guidance, retrieved values, norms, and any combination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Count, OneOf
from alignbench.data.languages import TRANSLATED, phrases
from alignbench.data.people import Person
from alignbench.method import Method, RunContext
from alignbench.steps.block import Block, BlockPolicy, FixedTexts, Nearest, NearestSummaries, Neighbours, People
from alignbench.steps.comparison import comparison_text
from alignbench.steps.mining import MiningInput, high_norms
from alignbench.steps.paper import PaperStep
from alignbench.steps.texts import PersonaForm, personas, rendered, wordings
from alignbench.steps.thinking import ThinksFirst
from alignbench.steps.topic_norms import TopicNorms
from alignbench.types import Item, check

# Of a summary: the respondent's first answers on the topic.
_SENTENCES = 4


def country(context: RunContext, knobs: Prompting) -> Block:
    """Who is asked: an average person of the country (Tao et al. 2024), in English or in the country's language."""
    culture = context.culture
    known = wordings(culture)
    if knobs.native and culture.language != "en":
        known = phrases(culture.language).systems.get(culture.iso3, ())
        check(bool(known), "culture", culture.name, f"no descriptors in {culture.language}: say method.native=false")
    return FixedTexts(known[: knobs.wordings])


def persona(context: RunContext, knobs: Prompting) -> Block:
    """Who is asked: ``personas`` people drawn at random (AlKhamissi et al. 2024; CLCA's standard prompt)."""
    people, note = context.people(context.culture.iso3, knobs.personas)
    texts, lacking = personas(context.culture, people, knobs.persona, "method.persona")
    return People(texts, " ".join(filter(None, (note, lacking))) or None)


def norms(context: RunContext, knobs: Prompting) -> Block:
    """Mined norms of the item's topic (CNCA in context)."""
    source = high_norms(context, knobs.mining, knobs.norms_per_topic, knobs.named)
    return TopicNorms(source, context.embedder, knobs.norms_per_topic, context.author.note)


def comparison(context: RunContext, knobs: Prompting) -> Block:
    """Cross-culture thinking: the most similar and the most different countries (CultureSPA's second prompt)."""
    culture = context.culture
    return FixedTexts((comparison_text(context, culture.iso3, culture.country, knobs.similar),))


def neighbours(context: RunContext, knobs: Prompting) -> Block:
    """Self-alignment in context (Choenni and Shutova 2024): answered questions with the country's answers."""
    culture = context.culture
    asked = context.train.asked(culture.iso3)
    check(knobs.neighbours <= len(asked), "method.neighbours", knobs.neighbours, f"give 1 to {len(asked)}")
    questions = Nearest(tuple(item.question for item in asked), context.embedder)
    return Neighbours(culture.iso3, culture.country, context.train, asked, questions, knobs.neighbours)


def guidance(context: RunContext, knobs: Prompting) -> Block:
    """Culturally responsive guidance, after the CCCI-R items that CultureCare made prompts of; wording ours."""
    return FixedTexts((rendered("guidance", culture=context.culture),))


def anthropological(context: RunContext, knobs: Prompting) -> Block:
    """A framework to reason over before answering (AlKhamissi et al. 2024); wording ours.

    Of its points at least seven are published; two could not be recovered, so the list is ours in part.
    """
    return FixedTexts((rendered("anthropological", culture=context.culture),))


def retrieved(context: RunContext, knobs: Prompting) -> Block:
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
BLOCKS: dict[str, Callable[[RunContext, Any], Block]] = {
    make.__name__: make
    for make in (country, persona, norms, comparison, neighbours, guidance, anthropological, retrieved)
}


@dataclass(frozen=True)
class Prompting(ThinksFirst, Method):
    """Which blocks, with their knobs, and whether thoughts come first; what is not chosen ignores its own."""

    # Descriptors of the country, at most ten (three in other languages).
    wordings: Count = 1
    # People drawn for persona and retrieved.
    personas: Count = 10
    # sentence | fields: how the persona block says who they are; fields are those of CLCA's twelve that the survey has.
    persona: PersonaForm = PersonaForm.sentence
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
    # country | persona | norms | comparison | neighbours | guidance | anthropological | retrieved, in this order.
    blocks: Annotated[tuple[str, ...], OneOf(*sorted(BLOCKS))] = ("country",)
    # Ask for thoughts before the answer; answers are averaged over ``chains`` of them.
    reasoning: bool = False
    chains: Count = 4

    PAPER: ClassVar[Mapping[str, tuple[PaperStep, ...]]] = {
        "persona": (
            PaperStep(
                "Respondents by their demographics",
                "alignbench.method.prompt.persona",
                note="ten, with as many particulars as the survey holds; `task=protocols` interviews any number",
            ),
            PaperStep("Each question in several paraphrases, the majority counts"),
            PaperStep("Hard and soft accuracy", "alignbench.protocols.persons.persons", note="`task=protocols`"),
        ),
        "anthropological": (
            PaperStep(
                "A framework of anthropology to reason over, after the persona",
                "alignbench.method.prompt.anthropological",
                note="our words; two of its points could not be recovered, and ours stand for them",
            ),
            PaperStep(
                "Thoughts before the answer",
                "alignbench.steps.block.BlockPolicy",
                {"method.reasoning": ("true", "true")},
                "two respondents, with one thought each",
            ),
        ),
        "cross_culture": (
            PaperStep(
                "The three most similar and the three most different cultures in view",
                "alignbench.steps.comparison.comparison_text",
                {"method.similar": ("3", "3")},
                "our words; by distance on training items, theirs by a table of 18 countries",
            ),
        ),
        "self_alignment": (
            PaperStep(
                "The five nearest questions with the country's most frequent answers",
                "alignbench.steps.block.Neighbours",
                {"method.neighbours": ("5", "5")},
                "nearest by our embedder, among training items alone",
            ),
        ),
        "guided": (
            PaperStep(
                "Guidance on culturally responsive answers",
                "alignbench.method.prompt.guidance",
                note="our words, and on survey questions; there it is for replies to posts (`benchmark=empathy`)",
            ),
        ),
        "values_retrieval": (
            PaperStep(
                "A summary of each respondent's values by topic",
                "alignbench.method.prompt.retrieved",
                {"method.personas": ("100", "100")},
                "their own answers as sentences; the paper has a language model write it, of every respondent",
            ),
            PaperStep("The 100 nearest by demographics, reranked by a cross-encoder"),
            PaperStep(
                "Three summaries in context",
                "alignbench.steps.block.NearestSummaries",
                {"method.retrieved": ("3", "3")},
                "those nearest to the question by one embedder",
            ),
        ),
    }

    def _consistent(self) -> None:
        foreign = not self.native or self.blocks == ("country",)
        check(foreign, "method.native", True, "only the block country speaks other languages: method.blocks=[country]")

    def align(self, context: RunContext) -> AlignedModel:
        """Put the blocks together; nothing is trained.

        Raises:
            AlignbenchError: a block lacks what it needs, or the language has no phrases.
        """
        blocks = tuple(BLOCKS[name](context, self) for name in self.blocks)
        language = context.culture.language if self.native else "en"
        notes = [block.note for block in blocks if block.note]
        if language != "en":
            notes.append(TRANSLATED.format(language=phrases(language).name))
        policy = BlockPolicy(
            (), self.thoughts(context, self.chains) if self.reasoning else None, language, blocks=blocks
        )
        return AlignedModel(context.model, policy=policy, notes=tuple(notes))
