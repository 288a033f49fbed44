"""The models that a cell compares, and their answers on the way to the board."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alignbench.aligned import AlignedModel
from alignbench.data.survey import Survey
from alignbench.evaluation.board import Entry
from alignbench.evaluation.formats import format_scores
from alignbench.evaluation.items import BASE, Kind, label_of
from alignbench.evaluation.survey import Scoring, distributions, option_mass
from alignbench.runs.stages import Respond
from alignbench.store.stage import Tools
from alignbench.types import Culture


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An aligned model with its role in the comparison.

    Attributes:
        kind: its role, see :class:`~alignbench.evaluation.items.BoardEntry`.
        method: name of the method that it serves; None for the base.
        country: the control's country, of what is made for it.
    """

    kind: Kind
    model: AlignedModel
    method: str | None = None
    country: str | None = None

    @property
    def label(self) -> str:
        """Name of its row."""
        return label_of(self.kind, self.method or BASE, self.country)


@dataclass(frozen=True, kw_only=True)
class ContenderAnswers(Contender):
    """A contender and the stages of its answers to the survey's items.

    Attributes:
        forms: the answers to the same items in further forms, by the form's name.
    """

    responses: Respond
    forms: Mapping[str, Respond] = field(default_factory=dict)

    def entry(self, survey: Survey, iso3: str, knobs: Scoring, tools: Tools) -> Entry:
        """What the board needs."""
        frames = {name: stage.table(tools) for name, stage in {"": self.responses, **self.forms}.items()}
        return Entry(
            label=self.label,
            kind=self.kind,
            distributions=[distributions(frames[""], survey.items)],
            key=tools.key(self.responses),
            masses=[option_mass(frames[""])],
            method=self.method,
            country=self.country,
            formats=[format_scores(frames, survey, iso3, knobs)],
        )


@dataclass(frozen=True)
class DamageCheck:
    """The base and the aligned model prompted as another culture: what alignment damaged there."""

    culture: Culture
    before: Respond
    after: Respond
