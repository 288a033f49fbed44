"""What may share a headline: cells of one survey whose models are of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from alignbench.record.cell import CellRecord


class Kind(Enum):
    """Where a model's knowledge of people comes from."""

    real = "models"  # texts that people wrote, as far as we know
    planted = "models of the planted world"  # a generated corpus
    blank = "blank models"  # nowhere: random weights


# What ``model.path`` is where the model is none of the real ones.
_PATHS = {"builtin:nano": Kind.planted, "builtin:blank": Kind.blank}
# The class that ``survey`` names where no person was asked.
_GENERATED = "PlantedWorld"


@dataclass(frozen=True)
class World:
    """Survey, warning and kind of model; figures of two worlds are never counted, coloured or pooled together."""

    survey: str
    warning: str | None
    generated: bool
    kind: Kind

    @classmethod
    def of(cls, record: CellRecord, knobs: Mapping[str, Any]) -> World:
        """The world of a cell.

        Args:
            knobs: every resolved knob of the run, by group; without them a cell counts as one of a real model.
        """
        generated = str(knobs.get("survey", {}).get("_target_", "")).endswith(f".{_GENERATED}")
        kind = _PATHS.get(knobs.get("model", {}).get("path", ""), Kind.real)
        return cls(record.cell.survey, record.warning, generated, kind)

    @property
    def order(self) -> tuple[bool, bool, bool, str, str]:
        """Sorts real models on real surveys first, the planted world and blank models last."""
        blank, planted = self.kind is Kind.blank, self.kind is Kind.planted
        return blank, self.generated or planted, self.warning is not None, self.survey, self.kind.name

    @property
    def name(self) -> str:
        """For columns: the survey, and the kind of models where it is not real."""
        return self.survey if self.kind is Kind.real else f"{self.survey}, {self.kind.value}"

    @property
    def title(self) -> str:
        """For headings: what the figures can be about."""
        if self.kind is Kind.blank:
            return "Blank models: random weights, says nothing about any model"
        if self.generated:
            return "Planted world: generated, says nothing about people"
        if self.kind is Kind.planted:
            return "Models of the planted world: their answers say nothing about people"
        return self.survey
