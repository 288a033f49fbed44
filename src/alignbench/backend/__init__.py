"""Backends: one protocol for generating text and scoring options, whatever runs the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alignbench.component import Component
from alignbench.types import Chat, ModelRef, OptionScores, Sampling


@dataclass
class Usage:
    """Tokens that went through an engine since it was opened."""

    prompt_tokens: int = 0
    generated_tokens: int = 0

    def since(self, earlier: Usage) -> Usage:
        """What was added after ``earlier``, a copy taken then."""
        return Usage(
            self.prompt_tokens - earlier.prompt_tokens,
            self.generated_tokens - earlier.generated_tokens,
        )


class Engine(ABC):
    """A model that answers. Weights are loaded at the first call, not when the engine is made.

    Every call takes many chats and keeps their order; ``adapter`` is a PEFT folder trained on this
    engine's base model, served without merging.
    """

    model: ModelRef
    usage: Usage

    @abstractmethod
    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """``sampling.n`` texts for each chat, special tokens removed."""

    @abstractmethod
    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """Log-probability of each option as the assistant's next text; one forward where all are single tokens."""

    @abstractmethod
    def close(self) -> None:
        """Free the weights. The next call would load them again."""


class Backend(Component, ABC):
    """Where and how models run; knobs only, no weights."""

    @property
    def cards(self) -> int:
        """How many GPUs a process needs for one engine, where it runs on GPUs."""
        return 1

    @abstractmethod
    def open(self, model: ModelRef) -> Engine:
        """An engine for ``model``. Cheap: nothing is loaded yet.

        Raises:
            AlignbenchError: this backend can not run here (package or device missing).
        """
