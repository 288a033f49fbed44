"""Another model, any of the group ``model`` on any backend of the group ``backend``."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from alignbench.backend import Backend, Engine
from alignbench.backend.model import Model
from alignbench.component import recorded
from alignbench.generator import IndependentModel
from alignbench.generator.slot import SlotEngine, named
from alignbench.store.stage import Tools
from alignbench.types import ModelRef


@dataclass(frozen=True)
class OtherModel(IndependentModel):
    """A model with a folder, resolved and fingerprinted like the base model."""

    model: Model
    backend: Backend
    # Keep its weights in memory from call to call, next to the base model's; false: the base model's are freed before
    # each of its calls and its own after it. Then one GPU is enough, and every call loads weights again.
    keep_loaded: bool = recorded(True)

    def verify(self) -> None:
        """The model's folder must be complete, and its backend able to run."""
        with named(self.place):
            _resolved(self.model)
            self.backend.verify()

    def open(self, tools: Tools | None = None) -> Engine:
        """One a process for the same model on the same backend."""
        with named(self.place):
            engine = _opened(self.model, self.backend)
        if self.keep_loaded:
            return SlotEngine(engine, self.place, self.lost_share)
        return SlotEngine(engine, self.place, self.lost_share, tools.make_room if tools else None, engine.close)

    @property
    def identity(self) -> dict[str, Any]:
        """Weights and arithmetic instead of names and paths."""
        with named(self.place):
            lost = {"lost_share": self.lost_share} if self.lost_share else {}
            return {"model": _described(self.model), "backend": self.backend, **lost}

    @property
    def title(self) -> str:
        """The model's short name."""
        return _described(self.model).name


def _described(model: Model) -> ModelRef:
    """Enough for plans; one that is not here is looked for each time, because it may be downloaded in between."""
    return model.resolve(ready=False) if model.absent else _resolved(model)


@cache
def _resolved(model: Model) -> ModelRef:
    return model.resolve()


@cache
def _opened(model: Model, backend: Backend) -> Engine:
    return backend.open(_resolved(model))
