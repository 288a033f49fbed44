"""Culturally responsive guidance, after the CCCI-R items that CultureCare (UKPLab) made prompts of; wording ours."""

from alignbench.context import RunContext
from alignbench.steps.block import Block, FixedTexts, Knobs
from alignbench.steps.texts import rendered


def make(context: RunContext, knobs: Knobs) -> Block:
    """The guidance, for the culture."""
    return FixedTexts((rendered("guidance", culture=context.culture),))
