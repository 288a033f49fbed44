"""A fitted model and its answers, on their way to the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.board import Entry
from alignbench.evaluation.formats import format_scores
from alignbench.evaluation.survey import SurveyBenchmark, distributions, option_mass
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, Culture

# Label of the row that every difference is measured from.
BASE = "base"


@dataclass(frozen=True)
class Answered:
    """A fitted model and its answers to the benchmark's items.

    Attributes:
        own: of a control, the label of the method whose recipe it repeats.
        forms: the answers to the same items in further forms, by the form's name.
    """

    label: str
    model: AlignedModel
    responses: Stage
    own: str | None = None
    forms: Mapping[str, Stage] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """The responses, as :func:`~alignbench.evaluation.survey.respond` gives them."""
        return _frame(self.responses)

    def entry(self, survey: Survey, iso3: str, knobs: SurveyBenchmark) -> Entry:
        """What the board needs."""
        frame = self.frame
        frames = {"": frame, **{name: _frame(stage) for name, stage in self.forms.items()}}
        return Entry(
            label=self.label,
            kind="control" if self.own else "method",
            distributions=[distributions(frame, survey.items)],
            key=self.responses.key,
            masses=[option_mass(frame)],
            base=self.label == BASE,
            own=self.own,
            formats=[format_scores(frames, survey, iso3, knobs)],
        )


def _frame(stage: Stage) -> pd.DataFrame:
    return pd.read_parquet(stage.path / "responses.parquet")


@dataclass(frozen=True)
class Elsewhere:
    """The base and the aligned model told another culture: what alignment damaged there."""

    culture: Culture
    before: Answered
    after: Answered
