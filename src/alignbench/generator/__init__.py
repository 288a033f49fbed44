"""Generators: the language models that write training data, and that judge what was written.

A slot of the configuration is filled by a choice of this room: ``generator`` and ``critic`` at the top, and one
inside every other component that needs a language model (``author.generator``, ``judge.generator``).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields

from alignbench.backend import Engine
from alignbench.component import Component, Share, added, recorded
from alignbench.store.stage import Tools


@dataclass(frozen=True, kw_only=True)
class Generator(Component, ABC):
    """Which model writes or judges, and what runs it."""

    _group = "generator"

    # Where it stands in the configuration, for messages.
    place: str = recorded("generator")
    # Share of a call's requests that a server may fail to answer for good; they count as empty texts. With more, the
    # run ends and the stage stays open: the same command asks for what is missing.
    lost_share: Share = added(0.0)

    def verify(self) -> None:
        """Check in a second or two what can be checked before anything runs.

        Raises:
            AlignbenchError: the model or what runs it is missing; the message names this slot's knob.
        """
        return

    @abstractmethod
    def open(self, tools: Tools) -> Engine:
        """Its engine, nothing loaded yet.

        Raises:
            AlignbenchError: the model or what runs it is missing.
        """

    @property
    @abstractmethod
    def title(self) -> str:
        """The model's name, for cards and tables."""


class IndependentModel(Generator, ABC):
    """A model other than the one that is aligned (choose other or api)."""

    @abstractmethod
    def open(self, tools: Tools | None = None) -> Engine:
        """Its engine, nothing loaded yet, shared by all slots of the process that name the same model.

        Args:
            tools: needed only where the base model may have to make room.
        """

    @property
    def licence(self) -> str:
        """Licence of the weights, for the provenance table."""
        return "unknown"


def slots(component: Component) -> Iterator[Generator]:
    """The generators that ``component`` holds; itself, if it is one."""
    if isinstance(component, Generator):
        yield component
        return
    for f in fields(component):  # type: ignore[arg-type]
        if isinstance(value := getattr(component, f.name), Generator):
            yield value
