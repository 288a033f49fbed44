"""Persona mixture: personas answer the training items, and a regression says how much each of them counts.

Source: P2P (Wang, Khoo and Wang 2025, arXiv 2509.11311) makes a pool of diverse personas and selects a compact ensemble
by L1-regularised regression on aggregates of a survey. No weights change, and no respondent is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Within
from alignbench.data.distance import regional_variation
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.evaluation.metrics import Array, js_similarity, softmax
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import PROMPT_TOKENS
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.types import Item, ModelRef, PromptPolicy, check

# What personas are put together from; equal chances for every value. Our choice.
_SEXES, _AGES, _SCHOOLING = ("man", "woman"), (22, 31, 43, 56, 70), ("little", "some", "higher")
_SETTLEMENTS = ("a village", "a small town", "a large city")
_VALUES = (
    ("Religion guides your life", "Religion means little to you"),
    ("You hold to tradition and respect authority", "You think that everybody should live as they choose"),
    ("You trust most people", "You are careful with people whom you do not know"),
    ("You worry about making ends meet", "You have all that you need"),
)


class Living(Enum):
    """Where personas live."""

    unsaid = "unsaid"
    abroad = "abroad"  # in a country of the survey, other than the culture's own


@dataclass(frozen=True)
class PersonaMixture(Method):
    """Knobs of the mixture. The numbers are ours."""

    # Personas in the pool, drawn by the seed.
    personas: Count = 24
    living: Living = Living.unsaid
    # Training items that they answer, those on which countries differ most.
    items: Count = 40
    # Strengths of the penalty to try, as shares of the smallest one that drops every persona.
    penalties: tuple[Annotated[float, Within(above=0, below=1)], ...] = (0.001, 0.01, 0.03, 0.1, 0.3)

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "A pool of diverse personas, by structured prompts",
            "alignbench.method.persona_mixture.pool",
            {"method.living": ("unsaid", "unsaid")},
            "by a template of ours from sex, age, schooling, settlement and values; there a language model writes them",
        ),
        PaperStep("Entropy decides which personas are written next"),
        PaperStep(
            "L1-regularised regression of the population's shares on the personas' answers",
            "alignbench.method.persona_mixture.Weigh",
            note="non-negative; the penalty by the country's shares of validation items",
        ),
    )

    def admit(self, context: RunContext) -> None:
        """There must be other countries to live in."""
        self._pool(context)

    def align(self, context: RunContext) -> AlignedModel:
        """The base model under the personas that are kept, each with its weight."""
        personas, iso3 = self._pool(context), context.culture.iso3
        variation = regional_variation(context.train)
        ranked = sorted(context.train.asked(iso3), key=lambda item: (-variation.get(item.id, 0.0), item.id))
        answers = PersonaAnswers(
            model=context.model,
            personas=personas,
            items=(*ranked[: self.items], *context.validation.asked(iso3)),
            asking=context.practising,
        )
        weigh = Weigh(answers, iso3, context.train, context.validation, self.penalties)
        note = "The penalty of the regression was chosen by the country's shares of validation items."
        return AlignedModel(context.model, policy=Mixture((), source=weigh), notes=(note,))

    def _pool(self, context: RunContext) -> tuple[str, ...]:
        abroad: tuple[str, ...] = ()
        if self.living is Living.abroad:
            own = context.culture.iso3
            abroad = tuple(
                context.countries[i] for i in sorted(context.train.answers) if i in context.countries and i != own
            )
            check(bool(abroad), "method.living", "abroad", f"survey {context.train.name} holds no other country")
        return pool(self.personas, abroad, context.seed)


def pool(count: int, countries: tuple[str, ...], seed: int) -> tuple[str, ...]:
    """``count`` different personas in the second person; the countries, where there are any, take turns."""
    rng = np.random.default_rng([seed, 0])
    found: dict[str, None] = {}
    while len(found) < count:
        who = f"You are a {rng.choice(_SEXES)} of {rng.choice(_AGES)} with {rng.choice(_SCHOOLING)} schooling."
        values = [f"{sides[rng.integers(2)]}." for sides in _VALUES]
        place = f"You live in {countries[len(found) % len(countries)]}." if countries else ""
        home = f"Your home is in {rng.choice(_SETTLEMENTS)}."
        found[" ".join(filter(None, (place, who, home, *values)))] = None
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class PersonaAnswers(Stage):
    """The answers of the base model to every item as every persona, one order of the options an item, in turn."""

    name = "personas"

    model: ModelRef
    personas: tuple[str, ...]
    items: tuple[Item, ...]
    asking: Asking

    @property
    def tokens(self) -> int:
        """Everybody answers everything once."""
        return len(self.personas) * len(self.items) * PROMPT_TOKENS

    def build(self, folder: Path, tools: Tools) -> None:
        """Ask; the prompts of a persona are neighbours, so that an engine reads its text once."""
        prompts = list(self._prompts())
        scores = tools.engine(self.model).score([p.request.chat for p in prompts], [p.request.options for p in prompts])
        said: dict[str, list[list[float]]] = {}
        for prompt, score in zip(prompts, scores, strict=True):
            shares = np.empty(len(prompt.options))
            shares[list(prompt.options)] = softmax(score.logprobs)
            said.setdefault(prompt.item, []).append(shares.tolist())
        write_json(folder / "answers.json", said)

    def _prompts(self) -> Iterator[Prompt]:
        for context, persona in enumerate(self.personas):
            for item, order in zip(self.items, cycle(self.asking.orders_for(0, 1)), strict=False):
                yield self.asking.prompt(item, context, order, persona)

    def table(self, tools: Tools) -> dict[str, Array]:
        """Item id -> shares, (personas, options)."""
        said = json.loads((tools.folder(self) / "answers.json").read_text(encoding="utf-8"))
        return {item: np.array(shares) for item, shares in said.items()}


@dataclass(frozen=True)
class Weigh(Stage):
    """Leaves the personas that are kept with their weights, the heaviest first."""

    name = "mixture"

    answers: PersonaAnswers
    iso3: str
    train: Survey
    validation: Survey
    penalties: tuple[float, ...]

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Fit with every penalty, and keep the weights that fit the validation items best."""
        said, truth = self.answers.table(tools), self.train.of(self.iso3)
        learnt = [item.id for item in self.answers.items if item.id in truth]
        columns = np.concatenate([said[item].T for item in learnt])
        shares = np.concatenate([truth[item].shares for item in learnt])
        fits = [regressed(columns, shares, penalty) for penalty in self.penalties]
        scores = [self.fit_of(weights, said) for weights in fits]
        even = self.fit_of(np.full(len(self.answers.personas), 1 / len(self.answers.personas)), said)
        best = int(np.argmax(scores))
        order = np.argsort(-fits[best], kind="stable")
        kept = [
            {"persona": self.answers.personas[i], "weight": float(fits[best][i])} for i in order if fits[best][i] > 0
        ]
        write_json(folder / "kept.json", kept)
        top = " ".join(f"{one['weight']:.2f}: {one['persona']}" for one in kept[:3])
        remark = (
            f"Personas kept: {len(kept)} of {len(self.answers.personas)} (penalty {self.penalties[best]:g}); 1 - JSD "
            f"of validation items {scores[best]:.3f}, of the even mixture {even:.3f}. The heaviest: {top}"
        )
        say(f"  weigh  {remark}")
        return {
            "personas": len(self.answers.personas),
            "kept": len(kept),
            "penalty": self.penalties[best],
            "validation": scores[best],
            "validation_even": even,
            "remarks": [remark],
        }

    def fit_of(self, weights: Array, said: Mapping[str, Array]) -> float:
        """Mean 1 - JSD (base 2) of the mixture over the validation items."""
        truth = self.validation.of(self.iso3)
        return float(np.mean([js_similarity(a.shares, weights @ said[item]) for item, a in truth.items()]))


def regressed(columns: Array, shares: Array, penalty: float) -> Array:
    """Non-negative weights, 1 together, by least squares with an L1 penalty.

    Args:
        columns: answers of the personas, (shares, personas).
        penalty: share of the smallest one that leaves no weight.
    """
    from sklearn.linear_model import Lasso

    largest = float((columns.T @ shares).max()) / len(shares)
    fit = Lasso(penalty * largest, positive=True, fit_intercept=False, max_iter=100_000, tol=1e-8)
    weights = np.asarray(fit.fit(columns, shares).coef_, dtype=np.float64)
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True)
class Mixture(PromptPolicy):
    """The personas that were kept, each with its weight; known once the policy is ready."""

    source: Weigh | None = None

    def ready(self, folder: Callable[[Any], Path]) -> PromptPolicy:
        """The plain policy of these personas."""
        kept = json.loads((folder(self.source) / "kept.json").read_text(encoding="utf-8"))
        systems, weights = zip(*((one["persona"], one["weight"]) for one in kept), strict=True)
        return PromptPolicy(tuple(systems), weights=tuple(weights))

    def systems_for(self, item: Item) -> tuple[str | None, ...]:
        """Known once the policy is ready."""
        raise AssertionError("call ready() first: the personas lie in the folder of a stage")
