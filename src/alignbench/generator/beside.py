"""What all models beside the base model have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alignbench.backend import Engine
from alignbench.generator import Generator
from alignbench.tools import Tools
from alignbench.types import ModelRef


@dataclass(frozen=True, kw_only=True)
class Beside(Generator):
    """A model of its own, beside the one that is aligned (choose other or api)."""

    @abstractmethod
    def engine(self, base: Callable[[], Engine] | None = None) -> Engine:
        """Its engine, shared by all slots of the process that name the same model.

        Args:
            base: opens the base model's engine, where that may have to make room.
        """

    def open(self, tools: Tools) -> Engine:
        """Its engine, nothing loaded yet."""
        return self.engine(tools.engine)

    def identity(self, base: ModelRef) -> dict[str, Any]:
        """Its parts; the base model has no part in it."""
        return self.parts

    def name(self, base: ModelRef) -> str:
        """Its own name."""
        return self.title
