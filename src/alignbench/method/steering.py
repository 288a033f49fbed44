"""Steering: a vector added to the residual stream at one layer, nothing trained.

Source: contrastive activation addition (Rimsky et al., ACL 2024, arXiv 2312.06681), which adds the difference of mean
residuals between contrastive prompts. The contrasts here, and the choice of layer and strength by held-out shares, are
ours: papers that steer the axes of the cultural map came without code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alignbench.aligned import AlignedModel
from alignbench.backend import Engine
from alignbench.backend.steering import SteeredEngine, SteeringVector
from alignbench.component import Count, Positive, Within
from alignbench.data.distance import regional_variation
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import PROMPT_TOKENS, Validation
from alignbench.steps.texts import rendered
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.types import Item, ModelRef

# Residuals of every layer: shape (layers, width).
Residuals = NDArray[np.float64]


class Contrast(Enum):
    """Which prompts the residuals are compared of."""

    options = "options"  # a question with the answers that the country gives more, and less, than evenly
    country = "country"  # a question under a text that names the country, and alone


class Vector(Enum):
    """What is added."""

    own = "own"
    random = "random"  # the control: a random direction in its place, as long and at the same layer


@dataclass(frozen=True)
class Steering(Method):
    """Knobs of steering. The numbers are ours: they are not read off a paper."""

    contrast: Contrast = Contrast.country
    # Training items that the residuals are taken at, those on which countries differ most.
    items: Count = 40
    # Layers to try, as shares of the depth: 0 is the first layer, 1 the last one.
    depths: tuple[Annotated[float, Within(0, 1)], ...] = (0.25, 0.5, 0.75)
    # Strengths to try; 1 adds the difference as it is.
    strengths: tuple[Positive, ...] = (0.5, 1.0, 2.0, 4.0)
    vector: Vector = Vector.own

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "Difference of mean residuals between contrastive prompts, at one layer",
            "alignbench.method.steering.FindVector",
            note="a question with its answers, as in contrastive activation addition (`method.contrast=options`), or "
            "under a text that names the country; which contrast the papers of the cultural map take is not known",
        ),
        PaperStep(
            "Two answers, A and B, in as many prompts",
            "alignbench.method.steering.FindVector.leaning",
            note="`method.contrast=options`: all answers of an item in both orders, weighted by the country's shares",
        ),
        PaperStep(
            "Added times a strength to the residual stream",
            "alignbench.backend.steering.SteeringVector.at_work",
            note="at every token; contrastive activation addition spares the prompt",
        ),
        PaperStep(
            "Layer and strength",
            "alignbench.method.steering.FindVector.chosen",
            note="by the country's shares of validation items; the papers sweep them",
        ),
    )

    def align(self, context: RunContext) -> AlignedModel:
        """The base model with the vector that fits the country's validation items best."""
        iso3 = context.culture.iso3
        find = FindVector(
            model=context.model,
            iso3=iso3,
            train=context.train,
            items=self.items,
            asking=context.practising,
            contrast=self.contrast,
            country=rendered("resident", country=context.culture.country),
            depths=self.depths,
            strengths=self.strengths,
            validation=Validation(context.validation, {iso3: None}, context.practising),
            drawn=context.seed if self.vector is Vector.random else None,
        )
        note = "Layer and strength of the steering vector were chosen by the country's shares of validation items."
        return AlignedModel(context.model, steering=find, notes=(note,))


@dataclass(frozen=True, kw_only=True)
class FindVector(Stage):
    """Leaves a :class:`~alignbench.backend.steering.SteeringVector`, and the score of every candidate.

    Attributes:
        country: the system text that names the country.
        drawn: seed of the random direction that takes the place of the one that was chosen; None for that itself.
    """

    name = "steer"

    model: ModelRef
    iso3: str
    train: Survey
    items: int
    asking: Asking
    contrast: Contrast
    country: str
    depths: tuple[float, ...]
    strengths: tuple[float, ...]
    validation: Validation
    drawn: int | None

    @property
    def tokens(self) -> int:
        """The residuals of both sides in both orders, and a look at the validation items for every candidate."""
        sides = {Contrast.country: 2, Contrast.options: 5}[self.contrast]
        tried = len(self.depths) * len(self.strengths) * len(self.validation.survey.asked(self.iso3))
        return (2 * sides * self.items + tried) * PROMPT_TOKENS

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Measure, try every layer and strength, and keep the best."""
        engine = tools.engine(self.model)
        difference = self.naming(engine) if self.contrast is Contrast.country else self.leaning(engine)
        unsteered = self.validation(engine.score)
        strength, steering, score, tried = self.chosen(engine, difference)
        if self.drawn is not None:
            steering = _turned(steering, self.drawn)
            score = self.validation(SteeredEngine(engine, steering).score)
        steering.save(folder)
        write_json(folder / "tried.json", tried)
        said = (
            f"Steered at layer {steering.layer} (from 0), strength {strength:g}"
            f"{'' if self.drawn is None else ', in a random direction'}: 1 - JSD of validation items {score:.3f},"
            f" unsteered {unsteered:.3f}."
        )
        say(f"  steer  {said}")
        return {
            "layer": steering.layer,
            "strength": strength,
            "length": float(np.linalg.norm(steering.vector)),
            "validation": score,
            "validation_unsteered": unsteered,
            "remarks": [said],
        }

    def naming(self, engine: Engine) -> Residuals:
        """What a text that names the country changes, at the ends of questions."""
        sides = [[p.request.chat for p in self._prompts(system)] for system in (self.country, None)]
        named, alone = (engine.residuals(chats).mean(axis=0, dtype=np.float64) for chats in sides)
        return np.asarray(named - alone)

    def leaning(self, engine: Engine) -> Residuals:
        """Mean residual after the answers that the country gives more than evenly, less the same of the others."""
        prompts = list(self._prompts(None))
        shares = {item.id: np.array(self.train.of(self.iso3)[item.id].shares) for item in self._asked()}
        given = [(p.request.chat, label) for p in prompts for label in p.request.options]
        lean = np.concatenate([shares[p.item][list(p.options)] - 1 / len(p.options) for p in prompts])
        found = engine.residuals([chat for chat, _ in given], [label for _, label in given])
        return np.asarray(np.tensordot(lean / len(prompts), found, axes=1))

    def chosen(
        self, engine: Engine, difference: Residuals
    ) -> tuple[float, SteeringVector, float, list[dict[str, float]]]:
        """The strength, the vector and the score of the candidate that is best on validation; scores of all."""
        last, tried = len(difference) - 1, list[tuple[float, float, SteeringVector]]()
        for layer, strength in product(sorted({round(depth * last) for depth in self.depths}), self.strengths):
            steering = SteeringVector(layer, tuple(difference[layer].tolist())).times(strength)
            tried.append((self.validation(SteeredEngine(engine, steering).score), strength, steering))
        score, strength, steering = max(tried, key=lambda one: one[0])
        return strength, steering, score, [{"layer": v.layer, "strength": a, "validation": s} for s, a, v in tried]

    def _asked(self) -> list[Item]:
        variation = regional_variation(self.train)
        asked = self.train.asked(self.iso3)
        return sorted(asked, key=lambda item: (-variation.get(item.id, 0.0), item.id))[: self.items]

    def _prompts(self, system: str | None) -> Iterator[Prompt]:
        """Every item in both orders, so that the place of an answer cancels out."""
        for item in self._asked():
            for order in self.asking.orders_for(0, 1):
                yield self.asking.prompt(item, 0, order, system)


def _turned(steering: SteeringVector, seed: int) -> SteeringVector:
    """A random direction, as long and at the same layer."""
    drawn = np.random.default_rng([seed, 0]).normal(size=len(steering.vector))
    length = np.linalg.norm(steering.vector) / np.linalg.norm(drawn)
    return replace(steering, vector=tuple((length * drawn).tolist()))
