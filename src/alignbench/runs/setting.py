"""What a comparison is about: what its record says, and what its scores are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from alignbench.data.source import SurveySource
from alignbench.data.survey import Survey
from alignbench.evaluation.survey import Scoring
from alignbench.method import Method
from alignbench.record.cell import slug
from alignbench.training import Training
from alignbench.types import Culture, ModelRef


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The part of a cell that its record rests on, besides the answers.

    Attributes:
        choices: group -> name of the choice, as on the command line.
        control: the culture whose figures serve as control; None if switched off.
        others: cultures that the aligned model is prompted as afterwards, to see what it forgot.
        survey: the survey, whole; ``asked`` is the split that is asked.
        changed: knobs that differ from their choice's own; see :mod:`alignbench.runs.recipe`.
    """

    choices: Mapping[str, str]
    method: Method
    culture: Culture
    control: Culture | None
    others: tuple[Culture, ...]
    model: ModelRef
    source: SurveySource
    survey: Survey
    asked: Survey
    scoring: Scoring
    training: Training
    seed: int
    changed: Mapping[str, str]

    @property
    def slug(self) -> str:
        """Name of the cell's page."""
        return slug(self.choices["method"], self.culture.name, self.model.name, self.seed, self.changed)

    @property
    def setting(self) -> Setting:
        """This part alone."""
        return Setting(**{known.name: getattr(self, known.name) for known in fields(Setting)})
