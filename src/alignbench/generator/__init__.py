"""Generators: the language models that write training data, and that judge what was written.

Two slots of the configuration, ``generator`` and ``critic``, are each filled by a choice of this room.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from alignbench.backend import Engine
from alignbench.component import Component
from alignbench.tools import Tools
from alignbench.types import ModelRef


class Generator(Component, ABC):
    """Which model writes or judges, and what runs it."""

    @abstractmethod
    def open(self, tools: Tools) -> Engine:
        """Its engine, nothing loaded yet.

        Raises:
            AlignbenchError: the model or what runs it is missing.
        """

    @abstractmethod
    def identity(self, base: ModelRef) -> dict[str, Any]:
        """What of it decides the texts, for the keys of stages; ``base`` is the model that is aligned."""

    @abstractmethod
    def name(self, base: ModelRef) -> str:
        """The model's name, for cards and tables."""
