"""Lessons: questions in survey format with one right answer each, and who the model is told to be."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import cycle
from pathlib import Path
from typing import Any

from alignbench.backend.render import Renderer
from alignbench.context import RunContext
from alignbench.data.items import reworded
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking
from alignbench.steps.practice import Fit, option_rows
from alignbench.store.stage import Tools
from alignbench.training.losses import distribution_sft
from alignbench.training.options import train_on_options
from alignbench.training.recipe import Training
from alignbench.training.rows import OptionRow
from alignbench.training.sft import ConversationRow
from alignbench.types import Item, Message, ModelRef, check


class Disclosure(Enum):
    """When the model is told whose values it should know."""

    always = "always"  # in training and when it is asked
    training = "training"
    never = "never"

    def when_asked(self, systems: Mapping[str, str]) -> dict[str, str | None]:
        """iso3 -> what is said before the questions once the model is trained."""
        return {iso3: text if self is Disclosure.always else None for iso3, text in systems.items()}

    def in_training(self, systems: Mapping[str, str]) -> dict[str, str | None]:
        """iso3 -> what is said before the questions that are learnt."""
        return {iso3: None if self is Disclosure.never else text for iso3, text in systems.items()}


@dataclass(frozen=True)
class Lesson:
    """A question and its answer.

    Attributes:
        item: in the wording that is taught.
        position: of the right answer in ``Item.codes``.
    """

    item: Item
    position: int
    system: str | None


@dataclass(frozen=True, kw_only=True)
class LearnLessons(Fit):
    """Cross-entropy of the answer's token, each question in every order of its options.

    A subclass holds where its lessons are from.
    """

    asking: Asking

    @abstractmethod
    def lessons(self, tools: Tools) -> list[Lesson]:
        """What is to be learnt."""

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        rows: list[OptionRow] = []
        for lesson in self.lessons(tools):
            target = [float(position == lesson.position) for position in range(len(lesson.item.codes))]
            rows += option_rows(self.asking, [lesson.item], {lesson.item.id: target}, system=lesson.system)
        facts = train_on_options(self.job(folder), rows, distribution_sft)
        return {"rows": len(rows), **facts}


def worded(train: Survey, row: Mapping[Any, Any]) -> Item:
    """The training item that a row of a set names, in the row's wording."""
    item = train.item(row["item"])
    return reworded(item, row["question"], item.poles or item.options)


def reasoned(
    model: ModelRef, asking: Asking, answers: Iterable[tuple[Item, int, str]], system: str | None
) -> list[ConversationRow]:
    """Questions with the label of the right answer and a reason as reply; the orders of the options in turn.

    Args:
        answers: item, position of the right answer in ``Item.codes``, reason; without a reason the label alone.

    Raises:
        AlignbenchError: with this tokenizer a reply does not begin with the label's token.
    """
    renderer, rows = Renderer.of(model), []
    for (item, position, reason), order in zip(answers, cycle(asking.orders_for(0, 1)), strict=False):
        prompt = asking.prompt(item, 0, order, system)
        chat, label = prompt.request.chat, prompt.request.options[prompt.options.index(position)]
        reply = f"{label}. {reason}" if reason else label
        _, ids = renderer.conversation((*chat, Message("assistant", reply)))
        alone = renderer.option_ids(renderer.prompt(chat), label)
        check(tuple(ids[:1]) == alone, "option label", reply, "the label is not a separate token: use digits")
        rows.append(ConversationRow(chat, reply))
    return rows


def within(training: Training, passes: int) -> Training:
    """The training with at most ``training.epochs`` passes over its rows, or else so many.

    To be made where the training becomes an input of a stage: passes that ``epochs`` overrules are in no key then.
    """
    return training.with_knobs(epochs=training.epochs or passes)


def written_by(context: RunContext, what: str) -> str:
    """The sentence that every table must carry on data that a model made."""
    return f"{what} were written by {context.generator.title}."


def sources(survey: Survey) -> tuple[str, ...]:
    """What a set that is made from the survey rests on, for its card."""
    cited = f"{survey.title} ({survey.year}); {survey.citation} Licence: {survey.licence.rstrip('.')}."
    held = "Training batteries only. A model that has read the survey elsewhere may still write a held-out question."
    return tuple(text for text in (cited, survey.warning, held) if text)
