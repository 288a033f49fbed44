"""Anthropological prompting: a framework to reason over before answering (AlKhamissi et al. 2024); wording ours.

Of the framework's points at least seven are published; two could not be recovered, so the list is ours in part.
"""

from alignbench.context import RunContext
from alignbench.steps.block import Block, FixedTexts, Knobs
from alignbench.steps.texts import rendered


def make(context: RunContext, knobs: Knobs) -> Block:
    """The framework."""
    return FixedTexts((rendered("anthropological", culture=context.culture),))
