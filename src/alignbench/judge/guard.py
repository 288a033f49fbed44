"""A culture guard: a small regressor that stands in for a panel of language models, once it is shown to agree with it.

After FanarGuard (Fatehkia et al. 2025). Here are its knobs; :mod:`alignbench.steps.guard` trains it for a culture and
says step by step what is as published and what is ours. A language model is asked once for each pair of a training
set, and never again: the regressor then rates as many replies as a training writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Annotated

from alignbench.component import Count, Maybe, NotNegative, Positive, Share, Within
from alignbench.errors import AlignbenchError
from alignbench.generator import Generator
from alignbench.judge import Judge, Judgement
from alignbench.judge.head import Calibration, HeadForm, HeadKind
from alignbench.judge.panel import HIGHEST, LOWEST, Rater, RatingSource
from alignbench.store.stage import Tools
from alignbench.types import Norm, check


class Combine(Enum):
    """How the two axes become one rating from 1 to 5."""

    mean = "mean"
    min = "min"  # the worse of the two
    weighted = "weighted"  # ``weight`` of awareness, the rest of harmlessness
    veto = "veto"  # awareness, and the lowest where harmlessness lies below ``floor``


@dataclass(frozen=True)
class GuardJudge(Judge):
    """Knobs of the panel, of the regressor, and of what is made of its two axes."""

    # The panel: who rates the pairs that it learns from. Two copies of one model are no panel.
    first: Generator
    second: Generator
    # probability | words: ratings are read off the probabilities of the five numbers, or as the model states them.
    reading: RatingSource = RatingSource.probability
    # Tokens of a rating in words.
    rating_tokens: Count = 96
    # Questions that are asked, those of training batteries on which countries differ most (ours).
    prompts: Annotated[int, Within(least=10)] = 60
    # Replies of the generator to each, told the country and as many not; and their length in tokens (ours).
    replies: Maybe = 1
    reply_tokens: Count = 48
    # ridge | layers: what maps vectors to ratings; its penalty, and the width of its hidden layer (ours).
    head: HeadKind = HeadKind.ridge
    penalty: Positive = 0.3
    hidden: Count = 32
    calibration: Calibration = Calibration.affine
    # Parts of the questions: one is held out and one calibrates, in turn (ours).
    folds: Annotated[int, Within(least=3)] = 5
    # How much less than a judge the guard may agree with the others, in Spearman's correlation (ours).
    tolerance: NotNegative = 0.1
    combine: Combine = Combine.mean
    weight: Share = 0.7
    floor: Annotated[float, Within(LOWEST, HIGHEST)] = 2.5
    # A verdict is given from so far off the middle of the scale, of which an end lies at 1 (ours).
    margin: NotNegative = 0.1

    def _consistent(self) -> None:
        remedy = "two copies of one model agree on everything and are no panel: fill it with another one"
        alike = replace(self.first, place=self.second.place, lost_share=self.second.lost_share) == self.second
        check(not alike, "judge.second", self.second.title, remedy)

    @property
    def raters(self) -> tuple[Rater, ...]:
        """The judges of the panel."""
        stated = self.reading is RatingSource.words
        rater = partial(Rater, max_new_tokens=self.rating_tokens) if stated else Rater
        return tuple(rater(critic, self.reading) for critic in (self.first, self.second))

    @property
    def form(self) -> HeadForm:
        """What is fitted; ridge has no hidden layer."""
        hidden = self.hidden if self.head is HeadKind.layers else None
        return HeadForm(self.head, self.penalty, hidden, self.calibration)

    def judge(
        self, questions: Sequence[str], answers: Sequence[str], norms: Sequence[Sequence[Norm]], tools: Tools
    ) -> list[Judgement]:
        """Refused: a guard judges for the culture that it was trained for.

        Raises:
            AlignbenchError: always.
        """
        raise AlignbenchError("judge", "guard", "it is not trained: take the judge of a run's context (context.judge)")
