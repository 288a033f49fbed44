"""The base model itself writes: self-generated data, and the default where there is no other model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alignbench.backend import Engine
from alignbench.generator import Generator
from alignbench.generator.slot import SlotEngine
from alignbench.tools import Tools
from alignbench.types import ModelRef


@dataclass(frozen=True)
class BaseModel(Generator):
    """The model that is aligned, on its own backend."""

    def open(self, tools: Tools) -> Engine:
        """The base model's engine."""
        return SlotEngine(tools.engine(), None, self.skip_failed)

    def identity(self, base: ModelRef) -> dict[str, Any]:
        """Weights and arithmetic of the base model."""
        return {
            **self.parts,
            "model": base.fingerprint,
            "dtype": base.dtype,
            "template": dict(base.template_kwargs),
        }

    def name(self, base: ModelRef) -> str:
        """The base model's name."""
        return base.name
