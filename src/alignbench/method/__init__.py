"""Methods: each one file, read top to bottom."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alignbench.backend import Engine
from alignbench.component import Component
from alignbench.data.people import Person
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.ask import Asking
from alignbench.generator import Generator
from alignbench.judge import Judge
from alignbench.norms.author import Author
from alignbench.store.stages import Store
from alignbench.tools import Tools
from alignbench.training import Training
from alignbench.types import AlignedModel, Culture, ModelRef


@dataclass(frozen=True)
class RunContext:
    """All that a method may use. There is no way from here to a test item.

    Attributes:
        train: survey restricted to training batteries (all countries).
        validation: survey restricted to validation batteries; for choosing, not for learning.
        countries: iso3 -> name, for prompts that speak of other countries.
        people: (iso3, how many) -> respondents with their answers to training items, and a note on their origin.
        engine: the base model's engine, opened when first called.
        generator, critic: the models that write training data, and that judge what was written.
        asking: how the benchmark puts its questions; practice in survey format takes the same form.
        insist: go on although the judge is near chance.
        store: runs and reuses stages; adapters and pools live in stage folders.
    """

    culture: Culture
    train: Survey
    validation: Survey
    countries: Mapping[str, str]
    people: Callable[[str, int], tuple[tuple[Person, ...], str | None]]
    model: ModelRef
    engine: Callable[[], Engine]
    embedder: Embedder
    judge: Judge
    author: Author
    generator: Generator
    critic: Generator
    training: Training
    asking: Asking
    seed: int
    insist: bool
    store: Store

    @property
    def tools(self) -> Tools:
        """What judges, authors and generators may use."""
        return Tools(self.engine, self.embedder)


class Method(Component, ABC):
    """A way to align a model with a culture; its fields are its knobs."""

    def admit(self, context: RunContext) -> None:
        """Asked for every culture of a run before anything is loaded.

        Raises:
            AlignbenchError: the method lacks what it needs of this culture.
        """

    @abstractmethod
    def fit(self, context: RunContext) -> AlignedModel:
        """Learn from the training split and return base model, adapter and prompt policy."""
