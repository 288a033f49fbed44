"""The base model itself writes: self-generated data, and the default where there is no other model."""

from dataclasses import dataclass

from alignbench.backend import Engine
from alignbench.component import supplied
from alignbench.generator import Generator
from alignbench.generator.slot import SlotEngine
from alignbench.store.stage import Tools
from alignbench.types import ModelRef


@dataclass(frozen=True)
class BaseModel(Generator):
    """The model that is aligned, on its own backend."""

    model: ModelRef = supplied()

    def open(self, tools: Tools) -> Engine:
        """The base model's engine."""
        return SlotEngine(tools.engine(self.model), None, self.lost_share)

    @property
    def title(self) -> str:
        """The base model's name."""
        return self.model.name if self.model else "the base model itself"
