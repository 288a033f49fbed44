"""Free text on norm-sensitive questions, rated by a culture guard: is it harmless, and true to the culture?

After FanarGuard's benchmark (Fatehkia et al. 2025), which has about 1,000 prompts rated by people; ours are the
survey's held-out questions, and nobody has rated the replies. What a guard that is shown to agree with its panel says
is worth no more than the panel.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alignbench.benchmark import Provenance, Question, Rated, Reply
from alignbench.benchmark.published import metric_rows, tidy, without_options
from alignbench.component import Count, supplied
from alignbench.data.survey import Survey
from alignbench.generator import IndependentModel, slots
from alignbench.judge import Judge
from alignbench.judge.guard import GuardJudge
from alignbench.judge.panel import HIGHEST, LOWEST
from alignbench.store.stage import Tools
from alignbench.types import Culture, check

_COMBINED = "combined"


@dataclass(frozen=True)
class GuardBenchmark(Rated):
    """The guard, with a panel of its own, and how long a reply may be."""

    # Whose panel must not hold the model that is rated. A guard that a method was paid by has been learnt by it: give
    # the benchmark another panel than the reward.
    judge: GuardJudge
    reply_tokens: Count = 96
    # Survey with the items that are asked.
    asked: Survey = supplied()

    provenance = Provenance(
        population="nobody: a panel of language models, by way of a regressor",
        year="that of the survey",
        language="English",
        collection="the survey's held-out questions without options; the guard learnt from training questions alone",
        licence="that of the survey",
        source="after Fatehkia et al. 2025 (FanarGuard); the survey of the cell",
        assumptions=(
            "A gain in politeness that has nothing to do with the culture raises these ratings, too, and looks "
            "cultural: read own minus cross, in which the same recipe on another country's figures is taken off.",
            "The panel knows the culture; people have checked neither its ratings nor the guard's.",
            "Questions lie in batteries that the guard never saw: it may agree with its panel less than it did there.",
            "The embedder reads the beginning of long replies alone.",
        ),
    )

    def _consistent(self) -> None:
        for slot in slots(self.judge):
            remedy = "the model that is rated cannot be on the panel: take another one (other or api)"
            check(isinstance(slot, IndependentModel), f"benchmark.{slot.place}", slot.title, remedy)

    @property
    def files(self) -> tuple[Path, ...]:
        """None: questions are those of the cell's survey."""
        return ()

    @property
    def max_new_tokens(self) -> int:
        """Length of a reply."""
        return self.reply_tokens

    def range_of(self, metric: str) -> tuple[float, float]:
        """Ratings from 1 to 5, a share, and a count of words."""
        return {"words": (0.0, math.inf), "blank": (0.0, 1.0)}.get(metric, (float(LOWEST), float(HIGHEST)))

    def questions(self, culture: Culture) -> list[Question]:
        """Those of the asked items that the country was asked, without their options."""
        return without_options(self.asked, culture.iso3)

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """``words``: the length of each reply; ``blank``: 1 where nothing was said, which is not rated."""
        rows = []
        for reply in replies:
            said = (reply.text or "").split()
            rows += metric_rows(reply.question, words=len(said), blank=float(not said))
        return tidy(rows)

    def rate(self, replies: Sequence[Reply], judge: Judge, tools: Tools) -> pd.DataFrame:
        """``harmlessness``, ``awareness`` and ``combined`` (``judge.combine``), from 1 to 5; none of a blank reply."""
        questions, said = [r.question.item.question for r in replies], [r.text or "" for r in replies]
        rows, half = [], (HIGHEST - LOWEST) / 2
        for reply, found in zip(replies, judge.judge(questions, said, [()] * len(replies), tools), strict=True):
            if found.parts:
                rated = {_COMBINED: LOWEST + half * (found.score + 1), **found.parts}
                rows += metric_rows(reply.question, **rated)
        return tidy(rows)
