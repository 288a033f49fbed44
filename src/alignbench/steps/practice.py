"""Survey-format practice shared by the methods that train: rows in every order, and what a checkpoint is chosen by.

The format is that of the scoring as ``RunContext.practising`` gives it, answered by label: what is held out are the
questions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from alignbench.aligned import AlignedModel
from alignbench.backend import Engine
from alignbench.backend.shape import shape_of
from alignbench.component import recorded
from alignbench.context import RunContext
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.evaluation.metrics import js_similarity, softmax
from alignbench.progress import say
from alignbench.steps.seeds import asked_there
from alignbench.store.stage import Stage
from alignbench.training.memory import peak
from alignbench.training.recipe import Select, TrainerKind, Training
from alignbench.training.rows import OptionRow
from alignbench.training.selection import Job, Score
from alignbench.types import Item, ModelRef, PromptPolicy

# Tokens of a survey question with its options, roughly.
PROMPT_TOKENS = 150
# iso3 -> what is said before the questions of that country; None says nothing.
Systems: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True)
class Validation:
    """What chooses among checkpoints where ``training.select`` is ``validation``; an input of the training.

    Attributes:
        survey: restricted to validation batteries.
        systems: the countries that are asked about, and what is said before their questions.
    """

    survey: Survey
    systems: Systems
    asking: Asking

    def __call__(self, score: Score) -> float:
        """Mean 1 - JSD (base 2) over the items of all countries.

        One order an item, in turn, which halves the time: a checkpoint is chosen by it, nothing is reported.
        """
        asking, asked = self.asking, []
        for iso3, system in self.systems.items():
            answers, orders = self.survey.of(iso3), cycle(asking.orders_for(0, 1))
            for item, order in zip(self.survey.asked(iso3), orders, strict=False):
                prompt = asking.prompt(item, 0, order, system)
                asked.append((prompt.request, np.array(answers[item.id].shares)[list(prompt.options)]))
        found = score([request.chat for request, _ in asked], [request.options for request, _ in asked])
        return float(np.mean([js_similarity(p, softmax(a.logprobs)) for (_, p), a in zip(asked, found, strict=True)]))


@dataclass(frozen=True, kw_only=True)
class Fit(Stage):
    """A training: leaves an adapter, or weights, as :mod:`alignbench.training.export` says.

    Attributes:
        validation: what the choice among checkpoints sees; None where the last one is taken.
        kinds: its trainers, for plans.
    """

    name = "fit"
    by_all_ranks = True

    model: ModelRef
    training: Training
    validation: Validation | None
    seed: int
    kinds: tuple[TrainerKind, ...] = recorded(())

    def job(self, folder: Path) -> Job:
        """What its trainer is given."""
        return Job(self.model, self.training, self.seed, folder, self.validation)

    @property
    def tokens(self) -> int:
        """Every update reads its prompts; forward and backward cost three times a forward, and drawing a text one."""
        training, drawn = self.training, TrainerKind.grpo in self.kinds
        each = 4 * training.generations * (PROMPT_TOKENS + training.max_new_tokens) if drawn else 3 * PROMPT_TOKENS
        return training.updates * training.prompts_per_update * each

    @property
    def rounds(self) -> int:
        """The completions of an update are drawn together."""
        return self.training.updates * self.training.max_new_tokens if TrainerKind.grpo in self.kinds else 0

    def memory(self, cuda: bool) -> float:
        """By :func:`alignbench.training.memory.peak`."""
        shape = shape_of(self.model)
        return max((peak(shape, self.training, kind, cuda) for kind in self.kinds), default=0.0) if shape else 0.0


@dataclass(frozen=True, kw_only=True)
class Practice(Fit):
    """A training on survey questions with each country's shares as targets."""

    train: Survey
    systems: Systems
    asking: Asking

    @property
    def rows(self) -> list[OptionRow]:
        """Those of all countries, each under its own system text."""
        asked = self.systems.items()
        return [row for iso3, system in asked for row in rows_of(iso3, self.train, self.asking, system)]


def of_run(
    context: RunContext, *kinds: TrainerKind, systems: Systems | None = None, training: Training | None = None
) -> dict[str, Any]:
    """The fields that every :class:`Fit` takes from its run.

    Args:
        kinds: trainers that read the knobs of the training.
        systems: as the aligned model will be asked, on the validation items too where ``training.select`` wants them;
            None for the culture itself, with nothing said before.
        training: the method's own form of the run's; None for that itself.
    """
    asked = Validation(context.validation, systems or {context.culture.iso3: None}, context.practising)
    return {
        "model": context.model,
        "training": (training or context.training).read_by(*kinds),
        "validation": None if context.training.select is Select.last else asked,
        "seed": context.seed,
        "kinds": kinds,
    }


def asked_of(context: RunContext, fit: Fit, systems: Systems, notes: tuple[str, ...] = ()) -> AlignedModel:
    """The model that a training makes, asked under the culture's own system text where there is one."""
    return AlignedModel(context.model, fit, PromptPolicy((systems[context.culture.iso3],)), notes)


def option_rows(
    asking: Asking,
    items: Iterable[Item],
    targets: Mapping[str, Sequence[float]],
    rewards: Mapping[str, Sequence[float]] | None = None,
    system: str | None = None,
) -> list[OptionRow]:
    """One row per item and option order, for the items that have a target.

    Args:
        targets: item id -> distribution over ``Item.codes``.
        rewards: item id -> reward of each option, in the same order.
    """
    rows = []
    for item in items:
        if item.id not in targets:
            continue
        for order in asking.orders_for(0, 1):
            prompt = asking.prompt(item, 0, order, system)
            target = tuple(float(targets[item.id][i]) for i in prompt.options)
            paid = None if rewards is None else tuple(float(rewards[item.id][i]) for i in prompt.options)
            rows.append(OptionRow(prompt.request.chat, prompt.request.options, target, item.id, paid))
    return rows


def rows_of(iso3: str, train: Survey, asking: Asking, system: str | None = None) -> list[OptionRow]:
    """The items that the country was asked, with its shares as targets, in every order; the others are counted."""
    items, tally = asked_there("items", train.items, train, iso3)
    say(f"  {tally}")
    return option_rows(asking, items, {item.id: train.of(iso3)[item.id].shares for item in items}, system=system)


def questions_to(iso3: str, train: Survey, asking: Asking, system: str | None) -> list[Prompt]:
    """Every training question that the country was asked, in each order of its options; the others are counted."""
    items, tally = asked_there("items", train.items, train, iso3)
    say(f"  {tally}")
    return [asking.prompt(item, 0, order, system) for item in items for order in asking.orders_for(0, 1)]


def likeliest(engine: Engine, asking: Asking, items: Sequence[Item], system: str | None) -> list[int]:
    """The likeliest option for each item, as position in ``Item.codes``.

    Probabilities are averaged over the orders of the options.
    """
    prompts = [[asking.prompt(item, 0, order, system) for order in asking.orders_for(0, 1)] for item in items]
    requests = [prompt.request for asked in prompts for prompt in asked]
    scores = iter(engine.score([r.chat for r in requests], [r.options for r in requests]))
    found = []
    for asked in prompts:
        shares = np.zeros(len(asked[0].options))
        for prompt in asked:
            shares[list(prompt.options)] += softmax(next(scores).logprobs)
        found.append(int(shares.argmax()))
    return found
