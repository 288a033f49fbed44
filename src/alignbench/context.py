"""What a method may use when it learns about a culture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alignbench.data.people import Person
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.ask import Asking
from alignbench.generator import Generator
from alignbench.judge import Judge
from alignbench.norms.author import Author
from alignbench.training import Training
from alignbench.types import Culture, ModelRef


@dataclass(frozen=True)
class RunContext:
    """All that a method may use. There is no way from here to a test item.

    Attributes:
        train: survey restricted to training batteries (all countries).
        validation: survey restricted to validation batteries; for choosing, not for learning.
        countries: iso3 -> name, for prompts that speak of other countries.
        people: (iso3, how many) -> respondents with their answers to training items, and a note on their origin.
        generator, critic: the models that write training data, and that judge what was written.
        asking: how the survey's questions are put; practice in survey format takes the same form.
        insist: go on although the judge is near chance.
    """

    culture: Culture
    train: Survey
    validation: Survey
    countries: Mapping[str, str]
    people: Callable[[str, int], tuple[tuple[Person, ...], str | None]]
    model: ModelRef
    embedder: Embedder
    judge: Judge
    author: Author
    generator: Generator
    critic: Generator
    training: Training
    asking: Asking
    seed: int
    insist: bool

    @property
    def practising(self) -> Asking:
        """``asking`` as survey-format practice reads it: by label, under one system text, and nothing divided out."""
        return self.asking.alone
