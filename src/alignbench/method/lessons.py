"""Lessons: questions in survey format with one right answer each, and who the model is told to be meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import cycle
from pathlib import Path
from typing import Any

from alignbench.backend.render import Renderer
from alignbench.evaluation.ask import Answer
from alignbench.method import RunContext
from alignbench.method.practice import option_rows, validator
from alignbench.store.stages import Stage
from alignbench.synthetic.folder import About
from alignbench.training.export import aligned
from alignbench.training.options import OptionRow, distribution_sft, train_on_options
from alignbench.training.recipe import Training
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import AlignedModel, Item, Message, PromptPolicy, check

_TOLD = "{model} is told the country when it is asked, the base model is not: cultural_prompt is the fairer comparison."


class Told(Enum):
    """When the model is told whose values it should know."""

    always = "always"  # in training and when it is asked
    training = "training"
    never = "never"


@dataclass(frozen=True)
class Lesson:
    """A question and its answer.

    Attributes:
        item: in the wording that is taught.
        position: of the right answer in ``Item.codes``.
    """

    item: Item
    position: int
    system: str | None = None

    def rows(self, context: RunContext) -> list[OptionRow]:
        """The question in every order of its options; all probability on the right answer."""
        target = [float(i == self.position) for i in range(len(self.item.codes))]
        return option_rows(context.asking, [self.item], {self.item.id: target}, system=self.system)


def taught(
    context: RunContext,
    parts: Mapping[str, Any],
    lessons: Iterable[Lesson],
    systems: Mapping[str, str],
    told: Told,
    passes: int | None = None,
) -> AlignedModel:
    """Stage ``fit`` on lessons: cross-entropy of the answer's token.

    Args:
        parts: identity of the lessons.
        systems: iso3 -> system text, for the countries that are taught.
        passes: over all rows, fewer where ``training.updates`` allows fewer; None for as many as that allows.
    """
    when_asked: dict[str, str | None] = {iso3: text if told is Told.always else None for iso3, text in systems.items()}

    def build(folder: Path) -> Mapping[str, Any]:
        rows = [row for lesson in lessons for row in lesson.rows(context)]
        validate = validator(context, when_asked)
        training = context.training if passes is None else within(context.training, passes, len(rows))
        facts = train_on_options(context.model, rows, distribution_sft, training, context.seed, folder, validate)
        return {"rows": len(rows), **facts}

    whole = {**parts, **_fit_parts(context, told, systems)}
    stage = context.store.stage("fit", whole if passes is None else {**whole, "passes": passes}, build)
    return told_model(context, stage, systems[context.culture.iso3], told, tuple(systems))


def reasoned(
    context: RunContext, answers: Iterable[tuple[Item, int, str]], system: str | None
) -> list[ConversationRow]:
    """Questions with the label of the right answer and a reason as reply; the orders of the options in turn.

    Args:
        answers: item, position of the right answer in ``Item.codes``, reason.

    Raises:
        AlignbenchError: with this tokenizer a reply does not begin with the label's token.
    """
    asking, renderer, rows = replace(context.asking, answer=Answer.label), Renderer.of(context.model), []
    for (item, position, reason), order in zip(answers, cycle(asking.orders_for(0, 1)), strict=False):
        prompt = asking.prompt(item, 0, order, system)
        chat, label = prompt.request.chat, prompt.request.options[prompt.options.index(position)]
        reply = f"{label}. {reason}"
        _, ids = renderer.conversation((*chat, Message("assistant", reply)))
        alone = renderer.option_ids(renderer.prompt(chat), label)
        check(tuple(ids[:1]) == alone, "option label", reply, "the label is no token of its own: use digits")
        rows.append(ConversationRow(chat, reply))
    return rows


def practised(
    context: RunContext,
    parts: Mapping[str, Any],
    answers: Sequence[tuple[Item, int, str]],
    system: str,
    told: Told,
    longest: int,
    passes: int,
) -> Stage:
    """Stage ``fit`` on answers with reasons: supervised fine-tuning on the whole reply.

    Args:
        parts: identity of the answers.
        longest: most tokens of a reply.
        passes: over all rows; fewer where ``training.updates`` allows fewer.
    """

    def build(folder: Path) -> Mapping[str, Any]:
        rows = reasoned(context, answers, None if told is Told.never else system)
        training = within(context.training, passes, len(rows))
        training = training.with_knobs(max_new_tokens=max(training.max_new_tokens, longest))
        validate = validator(context, {context.culture.iso3: system if told is Told.always else None})
        return {"rows": len(rows), **train_sft(context.model, rows, training, context.seed, folder, validate=validate)}

    rest = _fit_parts(context, told, {context.culture.iso3: system})
    whole = {**parts, **rest, "longest": longest, "passes": passes}
    return context.store.stage("fit", whole, build)


def within(training: Training, passes: int, rows: int) -> Training:
    """The training with no more updates than ``training.epochs``, or else so many passes over the rows, take."""
    return training.with_knobs(epochs=training.epochs or passes).for_rows(rows)


def _fit_parts(context: RunContext, told: Told, systems: Mapping[str, str]) -> dict[str, Any]:
    """What every training rests on beside its rows."""
    return {
        "told": told.name,
        "systems": {} if told is Told.never else dict(systems),
        "model": context.model.identity,
        "dtype": context.model.dtype,
        "survey": context.train.fingerprint,
        "training": context.training.parts,
        "asking": context.asking.parts,
        "seed": context.seed,
    }


def told_model(
    context: RunContext, stage: Stage, system: str, told: Told, countries: Sequence[str] = ()
) -> AlignedModel:
    """The model that a training made, told ``system`` where it is to be told; every table then says so.

    Args:
        countries: iso3 of those that were trained together.
    """
    if told is not Told.always:
        return aligned(context.model, stage)
    model = f"One model of {', '.join(countries)}" if len(countries) > 1 else "The aligned model"
    note = _TOLD.format(model=model)
    return replace(aligned(context.model, stage, PromptPolicy((system,))), notes=(note,))


def with_provenance(model: AlignedModel, stages: Iterable[Stage], notes: tuple[str, ...] = ()) -> AlignedModel:
    """The model with the stages that it rests on."""
    provenance = {**model.provenance, **{stage.name: stage.key for stage in stages}}
    return replace(model, provenance=provenance, notes=(*model.notes, *notes))


def written_by(context: RunContext, what: str) -> str:
    """The sentence that every table must carry on data that a model made."""
    return f"{what} were written by {context.generator.name(context.model)}."


def about(
    context: RunContext,
    method: str,
    title: str,
    country: str,
    steps: Iterable[str],
    columns: Mapping[str, str],
    judged: bool = False,
) -> About:
    """The card of a set that a method makes from the survey."""
    survey = context.train
    cited = f"{survey.title} ({survey.year}); {survey.citation} Licence: {survey.licence.rstrip('.')}."
    held = "Training batteries only. A model that has read the survey elsewhere may still write a held-out question."
    return About(
        title=title,
        method=method,
        country=country,
        steps=tuple(steps),
        generator=context.generator.name(context.model),
        critic=context.critic.name(context.model) if judged else None,
        sources=tuple(text for text in (cited, survey.warning, held) if text),
        columns=dict(columns),
    )
