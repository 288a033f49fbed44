"""CultureSPA: questions on which the culture in the prompt changes the model's own answer, learnt with that answer.

Source: Xu et al. 2025 (CultureSPA, self-pluralising). The model answers survey questions plain and with the culture in
view; where the two differ it has knowledge of the culture that it does not use unprompted, and those it learns: of
several cultures in one model, as published (``joint``), or of one alone. Of the survey only the questions come in; with
``elicited=cross_culture`` (CultureSPA CCT) its shares decide which countries are named as like and unlike. Read top to
bottom from ``align``; published values are in the comments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import cycle, islice
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Maybe, NotNegative, PositiveShare, recorded
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.ask import Asking
from alignbench.generator import Generator
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.steps.comparison import comparison_text
from alignbench.steps.joint import Joint
from alignbench.steps.lessons import Disclosure, LearnLessons, Lesson, sources, within, worded, written_by
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import asked_of, likeliest, of_run
from alignbench.steps.texts import rendered
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.questions import fresh
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import conversation
from alignbench.training.recipe import TrainerKind
from alignbench.types import Item, ModelRef, Sampling, check

_QUESTIONS = {"item": "training item whose options it has", "topic": "of that item", "question": "as asked"}
_KEPT = {
    **_QUESTIONS,
    "plain": "answer without the culture (position among the options)",
    "position": "answer with the culture in view, which is learnt",
}


class Elicited(Enum):
    """What brings the culture into view where the answers that are learnt are given."""

    culture_aware = "culture_aware"  # whose values to answer by
    cross_culture = "cross_culture"  # CCT: which countries are most like it and unlike it, too


@dataclass(frozen=True)
class CultureSPA(Joint, Method):
    """Knobs of CultureSPA; who writes questions is ``generator``, who answers is the base model itself."""

    # Questions written for each topic; 1,000 for each of 13 topics published.
    generated: Maybe = 10
    # Whether the training items are among the questions (ours); published: written ones alone.
    ask_items: bool = True
    # Training items shown to the writer; 5 published, two of them written before.
    shown: Count = 3
    # Cosine to a training item from which a written question is a copy, and below which to all of its topic it is off
    # the topic (ours; published: the same words).
    copy: float = 0.95
    near: float = 0.3
    # Of the writer; .9 and .95 published.
    temperature: NotNegative = 0.8
    top_p: PositiveShare = 0.9
    elicited: Elicited = Elicited.culture_aware
    # Countries named at either end by ``cross_culture``; 3 published.
    similar: Count = 3
    # Whether the model is told the culture; in training and when it is asked, as published.
    told: Disclosure = Disclosure.always
    # Passes over the rows, within training.updates; 1 published.
    passes: Count = 1
    # Refuse to train on fewer questions whose answer a culture changes.
    least: Count = recorded(8)

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "1,000 questions written for each of 13 topics",
            "alignbench.method.culturespa.Questions",
            {
                "method.generated": ("10", "1000"),
                "method.ask_items": ("true", "false"),
                "method.shown": ("3", "5"),
                "method.temperature": ("0.8", "0.9"),
                "method.top_p": ("0.9", "0.95"),
            },
            "with the options of the item shown last, where theirs come with options of their own; topics as the "
            "survey has them",
        ),
        PaperStep(
            "Written questions that repeat one, or whose options are broken, dropped",
            "alignbench.synthetic.questions.fresh",
            {"method.copy": ("0.95", "1.0"), "method.near": ("0.3", "-1.0")},
            "what is no question, or no sentence, is dropped, too",
        ),
        PaperStep(
            "Answers without a culture, and as a person of it",
            "alignbench.method.culturespa.AnswerQuestions",
            {"method.elicited": ("culture_aware", "culture_aware")},
            "the likeliest option over both orders; theirs is the first number in a reply at temperature .6, top-p .9",
        ),
        PaperStep(
            "CCT: three most similar and three most different cultures in view",
            "alignbench.steps.comparison.comparison_text",
            {"method.similar": ("3", "3")},
            "`method.elicited=cross_culture`; by distance on training items, theirs by a table of 18 countries. Learnt "
            "and asked under the culture-aware text: whether theirs is, is not known",
        ),
        PaperStep("Questions whose answer the culture changes", "alignbench.method.culturespa.Activate"),
        PaperStep(
            "One model of 18 countries, each told apart by its text",
            "alignbench.method.culturespa.LearnActivated",
            {
                "method.joint": ("[]", "[USA,CAN,BOL,BRA,GBR,NLD,DEU,UKR,CHN,RUS,THA,ZWE,AUS,NZL]"),
                "method.told": ("always", "always"),
                "method.passes": ("1", "1"),
            },
            "14 of the 18: the bundled figures hold neither India nor Kenya, Nigeria and Ethiopia. Without "
            "`method.joint` it is their culture-specific model",
        ),
        PaperStep(
            "Fine-tuning with LoRA",
            "alignbench.training.options.train_on_options",
            {"training": ("cpu", "culturespa_paper"), "seed": ("0", "42")},
            "the number of the answer, in every order of the options",
        ),
        PaperStep(
            "Base model",
            "alignbench.backend.hf.HF",
            note="any; the paper has Llama-3-8B, the nearest here is `model=llama3.1_8b`",
        ),
        PaperStep(
            "Test on 259 questions",
            "alignbench.protocols.shares.national",
            {"task.block": ("held_out", "culturespa")},
            "`task=protocols`; what is held out here stands apart",
        ),
    )

    def _consistent(self) -> None:
        super()._consistent()
        check(-1 <= self.near < self.copy <= 1, "method.near", self.near, "give less than method.copy, both cosines")
        remedy = "nothing is asked: have questions written, or say method.ask_items=true"
        check(self.ask_items or self.generated > 0, "method.generated", 0, remedy)

    def align(self, context: RunContext) -> AlignedModel:
        """Write questions, answer them plain and as each culture, keep where the answers differ, train."""
        countries = self.countries(context)
        systems = {iso3: rendered("culture_answer", country=name) for iso3, name in countries.items()}
        questions = Questions(context.train, self._writing(context), self.ask_items)
        plain = self._answers(context, questions, rendered("own_answer"))
        activated = {
            iso3: Activate(questions, plain, self._answers(context, questions, text), countries[iso3], self.least)
            for iso3, text in self._eliciting(context, systems).items()
        }
        asked, training = self.told.when_asked(systems), within(context.training, self.passes)
        fit = LearnActivated(
            activated=activated,
            train=context.train,
            systems=self.told.in_training(systems),
            asking=context.practising,
            **of_run(context, TrainerKind.options_sft, systems=asked, training=training),
        )
        written = (written_by(context, "Questions"),) if self.generated else ()
        return asked_of(context, fit, asked, (*self.notes(countries), *written))

    def _writing(self, context: RunContext) -> QuestionWriter | None:
        if not self.generated:
            return None
        numbers = (self.generated, self.shown, self.copy, self.near, self.temperature, self.top_p)
        return QuestionWriter(context.generator, context.embedder, *numbers, seed=context.seed)

    def _eliciting(self, context: RunContext, systems: Mapping[str, str]) -> Mapping[str, str]:
        """iso3 -> what is said before the questions whose answers are learnt."""
        if self.elicited is Elicited.culture_aware:
            return systems
        countries = self.countries(context).items()
        return {iso3: comparison_text(context, iso3, name, self.similar) for iso3, name in countries}

    def _answers(self, context: RunContext, questions: Questions, system: str) -> AnswerQuestions:
        return AnswerQuestions(questions, system, context.model, context.practising)


@dataclass(frozen=True)
class QuestionWriter:
    """How questions are written; see the knobs of :class:`CultureSPA`."""

    generator: Generator
    embedder: Embedder
    generated: int
    shown: int
    copy: float
    near: float
    temperature: float
    top_p: float
    seed: int


@dataclass(frozen=True)
class Questions(Stage):
    """Training items and questions written after them. No country comes in, so all cultures share them.

    Attributes:
        writing: None takes the training items alone.
        ask_items: whether they are asked, too.
    """

    name = "questions"

    train: Survey
    writing: QuestionWriter | None
    ask_items: bool

    @property
    def writer(self) -> str:
        """Who wrote the questions."""
        return self.writing.generator.title if self.writing else "nobody"

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them written."""
        items, tally = self.train.items if self.ask_items else (), Tally("written questions")
        steps: tuple[str, ...] = (f"{len(items)} training items.",)
        rows = [(item.id, item.topic, item.question) for item in items]
        if self.writing:
            rows += self._written(self.writing, tools, tally)
            say(f"  {tally}")
            steps += (f"{self.writing.generated} questions written a topic, with their options.",)
        title, rests = "Survey questions", sources(self.train)
        card = DatasetCard(title, "culturespa", "all countries", steps, self.writer, None, rests, _QUESTIONS)
        write_set(folder, pd.DataFrame(rows, columns=list(_QUESTIONS)), card, [tally])
        return {"items": len(items), "written": tally.kept}

    def asked(self, tools: Tools) -> list[Item]:
        """The questions of the finished stage as items."""
        return [worded(self.train, row) for row in read_set(tools.folder(self))[0].to_dict("records")]

    def _written(self, knobs: QuestionWriter, tools: Tools, tally: Tally) -> list[tuple[str, str, str]]:
        """New questions of each topic, its batteries in turn; each takes the options of the item shown last."""
        sources = [
            item for members in _by_topic(self.train.items).values() for item in islice(cycle(members), knobs.generated)
        ]
        chats = [self._request(item, knobs.shown) for item in sources]
        sampling = Sampling(48, knobs.temperature, knobs.top_p, seed=knobs.seed)
        texts = knobs.generator.open(tools).generate(chats, sampling)
        offers = [(item.topic, said[0]) for item, said in zip(sources, texts, strict=True)]
        known = {topic: [i.question for i in self.train.items if i.topic == topic] for topic, _ in offers}
        kept = fresh(knobs.embedder, offers, known, knobs.copy, knobs.near, tally)
        return [(item.id, item.topic, text) for item, text in zip(sources, kept, strict=True) if text is not None]

    def _request(self, item: Item, shown: int) -> Any:
        alike = [i.question for i in self.train.items if i.topic == item.topic and i.options == item.options]
        others = [question for question in alike if question != item.question][: shown - 1]
        options = item.poles or item.options
        return conversation(
            "question", topic=item.topic.replace("_", " "), options=options, examples=[*others, item.question]
        )


@dataclass(frozen=True)
class AnswerQuestions(Stage):
    """The base model's answer to every question under ``system``, plain or with the culture in view.

    Plain ones serve all cultures. The likeliest one; the paper samples one at temperature .6.
    """

    name = "answers"

    questions: Questions
    system: str
    model: ModelRef
    asking: Asking

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """The facts are the answers' positions among the options."""
        items = self.questions.asked(tools)
        return {"positions": likeliest(tools.engine(self.model), self.asking, items, self.system)}


@dataclass(frozen=True)
class Activate(Stage):
    """The questions whose answer the culture changes, with both answers."""

    name = "activate"

    questions: Questions
    plain: AnswerQuestions
    cultural: AnswerQuestions
    country: str = recorded("")
    least: int = recorded(1)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Keep them.

        Raises:
            AlignbenchError: the culture in the prompt changes too few answers.
        """
        frame, made = read_set(tools.folder(self.questions))
        for column, stage in (("plain", self.plain), ("position", self.cultural)):
            frame[column] = tools.facts(stage)["positions"]
        differ = frame["plain"] != frame["position"]
        tally = Tally("questions", int(differ.sum()))
        for question in frame["question"][~differ]:
            tally.drop("same answer with and without the culture", question)
        tally.require(self.least, "method.least")
        steps = (
            "Each question answered by the base model, plain and as a person of the country: the likeliest option.",
            "Kept where the two answers differ.",
        )
        title, rests = f"What the model knows of {self.country}", sources(self.questions.train)
        card = DatasetCard(title, "culturespa", self.country, steps, self.questions.writer, None, rests, _KEPT)
        write_set(folder, frame[differ], card, [*made, tally])
        return {"kept": tally.kept, "made": tally.made}


@dataclass(frozen=True, kw_only=True)
class LearnActivated(LearnLessons):
    """Those questions with the answers that each culture brings, under its system text.

    Attributes:
        activated, systems: by iso3.
    """

    activated: Mapping[str, Activate]
    train: Survey
    systems: Mapping[str, str | None]

    def lessons(self, tools: Tools) -> list[Lesson]:
        """One a kept question of a country."""
        kept = {iso3: read_set(tools.folder(stage))[0].to_dict("records") for iso3, stage in self.activated.items()}
        return [
            Lesson(worded(self.train, row), row["position"], self.systems[iso3])
            for iso3, rows in kept.items()
            for row in rows
        ]


def _by_topic(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The first items of each battery come first, then the second ones."""
    places: dict[str, int] = defaultdict(int)
    ranked = []
    for item in items:
        ranked.append((places[item.battery], item))
        places[item.battery] += 1
    topics: dict[str, list[Item]] = defaultdict(list)
    for _, item in sorted(ranked, key=lambda pair: pair[0]):
        topics[item.topic].append(item)
    return topics
