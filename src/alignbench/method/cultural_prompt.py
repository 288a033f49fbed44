"""Cultural prompting: one country descriptor, several wordings, answers averaged.

Source: Tao et al. 2024 (PNAS Nexus 3(9), pgae346) average ten descriptors of a person born and
living in the country. The wordings here are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from alignbench.aligned import AlignedModel
from alignbench.method import Method, RunContext
from alignbench.steps.texts import wordings
from alignbench.types import PromptPolicy, check


@dataclass(frozen=True)
class CulturalPrompt(Method):
    """Knobs of cultural prompting."""

    # How many of the ten wordings to average over, from the first on.
    wordings: int = 10

    def __post_init__(self) -> None:
        check(1 <= self.wordings <= 10, "method.wordings", self.wordings, "ten wordings exist; give 1 to 10")

    def align(self, context: RunContext) -> AlignedModel:
        """Render the descriptors for the culture; no weights change."""
        return AlignedModel(context.model, policy=PromptPolicy(wordings(context.culture)[: self.wordings]))
