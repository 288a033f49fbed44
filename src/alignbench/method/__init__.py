"""Methods: each one file, read top to bottom; the steps that several share are in :mod:`alignbench.steps`."""

from abc import ABC, abstractmethod
from typing import Self

from alignbench.aligned import AlignedModel
from alignbench.component import Component
from alignbench.context import RunContext
from alignbench.types import Culture

__all__ = ["Method", "RunContext"]


class Method(Component, ABC):
    """A way to align a model with a culture; its fields are its knobs."""

    _group = "method"

    def admit(self, context: RunContext) -> None:
        """Asked for every culture of a run before anything is loaded.

        Raises:
            AlignbenchError: the method lacks what it needs of this culture.
        """

    def in_place_of(self, own: Culture, control: Culture) -> Self:
        """The method as it makes the control of a culture; another one where its knobs name countries."""
        return self

    def made_for_control(self, own: Culture, control: Culture) -> str:
        """What a control is, in the middle of a sentence."""
        return f"the same recipe on the figures of {control.country}"

    @abstractmethod
    def align(self, context: RunContext) -> AlignedModel:
        """Base model, training stage and prompt policy; nothing is built, nothing is loaded.

        What is to be learnt is a chain of stages, each a frozen object made here from the context.
        """
