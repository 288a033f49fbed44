"""A model of which only a server's address and the model's name are known."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from alignbench.backend import Engine
from alignbench.backend.server import Server
from alignbench.component import Within
from alignbench.generator import IndependentModel
from alignbench.generator.slot import SlotEngine, named
from alignbench.identity import spelt_out
from alignbench.store.stage import Tools
from alignbench.types import check


@dataclass(frozen=True)
class APIModel(IndependentModel):
    """Writes through chat completions; weighs labels by the likeliest next tokens, where the server gives them."""

    # Its served_model says which model.
    backend: Server
    # Likeliest next tokens asked for when labels are weighed; OpenAI's servers give at most 20.
    top_logprobs: Annotated[int, Within(1, 20)] = 20

    def _consistent(self) -> None:
        served = self.backend.served_model
        check(bool(served), "generator.backend.served_model", served, "say what the server calls the model")
        own = "a server of our own serves a model that is here: choose generator=other"
        check(not self.backend.start, "generator.backend.start", True, own)

    def verify(self) -> None:
        """The key must be set; whether the server answers is seen at the first call."""
        with named(self.place):
            self.backend.verify()

    def open(self, tools: Tools | None = None) -> Engine:
        """One a process for the same model on the same server; it has no weights here."""
        with named(self.place):
            engine = _opened(self.backend, self.top_logprobs)
        return SlotEngine(engine, self.place, self.lost_share)

    @property
    def identity(self) -> dict[str, Any]:
        """The address too: nothing else says which weights answer to the name."""
        return {**spelt_out(self), "server": self.backend.base_url.rstrip("/")}

    @property
    def title(self) -> str:
        """What the server calls it."""
        return self.backend.served_model


@cache
def _opened(backend: Server, top: int) -> Engine:
    from alignbench.backend.server_chat import ChatEngine

    backend.verify()
    return ChatEngine(backend, top)
