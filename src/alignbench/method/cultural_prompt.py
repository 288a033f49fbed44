"""Cultural prompting: one country descriptor, several wordings, answers averaged.

Source: Tao et al. 2024 (PNAS Nexus 3(9), pgae346) average ten descriptors of a person born and
living in the country. The wordings here are ours.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Within
from alignbench.method import Method, RunContext
from alignbench.steps.paper import PaperStep
from alignbench.steps.texts import wordings
from alignbench.types import PromptPolicy


@dataclass(frozen=True)
class CulturalPrompt(Method):
    """Knobs of cultural prompting."""

    # How many of the ten wordings to average over, from the first on.
    wordings: Annotated[int, Within(1, 10)] = 10

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "Ten descriptors of somebody born and living in the country, averaged",
            "alignbench.steps.texts.wordings",
            {"method.wordings": ("10", "10")},
            "our words; probabilities of the options are averaged, where the paper averages replies",
        ),
        PaperStep(
            "Ten questions placed on the Inglehart-Welzel map, distance to the country",
            "alignbench.protocols.chart.distances",
            note="`task=protocols`; the bundled figures lack post-materialism",
        ),
    )

    def align(self, context: RunContext) -> AlignedModel:
        """Render the descriptors for the culture; no weights change."""
        return AlignedModel(context.model, policy=PromptPolicy(wordings(context.culture)[: self.wordings]))
