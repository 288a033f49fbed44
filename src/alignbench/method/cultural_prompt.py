"""Cultural prompting: one country descriptor, several wordings, answers averaged.

Source: Tao et al. 2024 (PNAS Nexus 3(9), pgae346) average ten descriptors of a person born and
living in the country. The wordings here are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alignbench.method import Method, RunContext
from alignbench.types import AlignedModel, PromptPolicy, check

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent / "prompts"), undefined=StrictUndefined)


@dataclass(frozen=True)
class CulturalPrompt(Method):
    """Knobs of cultural prompting."""

    # How many of the ten wordings to average over, from the first on.
    wordings: int = 10

    def __post_init__(self) -> None:
        check(1 <= self.wordings <= 10, "method.wordings", self.wordings, "ten wordings exist; give 1 to 10")

    def fit(self, context: RunContext) -> AlignedModel:
        """Render the descriptors for the culture; no weights change."""
        text = _TEMPLATES.get_template("cultural_prompt.jinja").render(culture=context.culture)
        systems = tuple(line.strip() for line in text.splitlines() if line.strip())
        return AlignedModel(context.model, policy=PromptPolicy(systems[: self.wordings]))
