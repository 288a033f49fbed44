"""Culturally responsive guidance, after the CCCI-R items that CultureCare (UKPLab) made prompts of; wording ours."""

from alignbench.context import RunContext
from alignbench.steps.block import Block, Fixed, Knobs
from alignbench.steps.texts import rendered


def make(context: RunContext, knobs: Knobs) -> Block:
    """The guidance, for the culture."""
    return Fixed((rendered("guidance", culture=context.culture),))
