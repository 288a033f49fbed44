"""Judges: does an answer support or contradict a culture's norms?"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from alignbench.component import Component
from alignbench.store.stage import Tools
from alignbench.types import Norm


@dataclass(frozen=True)
class Judgement:
    """What a judge makes of one answer.

    Attributes:
        score: graded support for the decisive norm, in the judge's own unit; positive supports.
        verdict: +1 supports, 0 unrelated or undecided, -1 contradicts (CultureRL's reward).
        item: item id of the decisive norm, None if there is none, or the judge did not name it.
        relatedness: how near the answer lies to the norms (cosine), where the judge compares them.
        parsed: False if an LLM's output held no verdict (then score and verdict are 0).
        parts: what the score is made of, by name, of a judge that weighs several things.
    """

    score: float
    verdict: int
    item: str | None = None
    relatedness: float = -1.0
    parsed: bool = True
    parts: Mapping[str, float] = field(default_factory=dict)


class Judge(Component, ABC):
    """Knobs of a judge; stateless apart from them.

    Attributes:
        graded: whether a score says more than its verdict.
    """

    _group = "judge"
    graded: ClassVar[bool] = False

    def of(self, iso3: str, country: str) -> Self:
        """The judge as it judges for a country; most know countries by the norms alone that they are given."""
        return self

    @abstractmethod
    def judge(
        self, questions: Sequence[str], answers: Sequence[str], norms: Sequence[Sequence[Norm]], tools: Tools
    ) -> list[Judgement]:
        """One judgement per answer, each against its own list of norms (those of one cluster)."""
