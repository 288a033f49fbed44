"""A fitted model and its answers, on their way to the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.board import Entry
from alignbench.evaluation.formats import format_scores
from alignbench.evaluation.items import Kind, label_of
from alignbench.evaluation.survey import SurveyBenchmark, distributions, option_mass
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, Culture

# Label of the base model, told nothing.
BASE = "base"


@dataclass(frozen=True)
class Answered:
    """A fitted model and its answers to the benchmark's items.

    Attributes:
        kind: its role on the board, see :class:`~alignbench.evaluation.items.Scored`.
        method: name of the method that it serves; None for the base.
        country: the control's country, of what is made for it.
        forms: the answers to the same items in further forms, by the form's name.
    """

    kind: Kind
    model: AlignedModel
    responses: Stage
    method: str | None = None
    country: str | None = None
    forms: Mapping[str, Stage] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Of its row."""
        return label_of(self.kind, self.method or BASE, self.country)

    def entry(self, survey: Survey, iso3: str, knobs: SurveyBenchmark) -> Entry:
        """What the board needs."""
        frame = frame_of(self.responses)
        frames = {"": frame, **{name: frame_of(stage) for name, stage in self.forms.items()}}
        return Entry(
            label=self.label,
            kind=self.kind,
            distributions=[distributions(frame, survey.items)],
            key=self.responses.key,
            masses=[option_mass(frame)],
            method=self.method,
            country=self.country,
            formats=[format_scores(frames, survey, iso3, knobs)],
        )


def frame_of(stage: Stage) -> pd.DataFrame:
    """The responses of a stage, as :func:`~alignbench.evaluation.survey.respond` gives them."""
    return pd.read_parquet(stage.path / "responses.parquet")


@dataclass(frozen=True)
class Elsewhere:
    """The base and the aligned model told another culture: what alignment damaged there."""

    culture: Culture
    before: Stage
    after: Stage
