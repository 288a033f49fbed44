"""Backends: one protocol for generating text and scoring options, whatever runs the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alignbench.backend.template import END_OF_THOUGHT
from alignbench.component import Component
from alignbench.errors import AlignbenchError
from alignbench.types import Chat, ModelRef, OptionScores, Sampling, Thought

if TYPE_CHECKING:
    from alignbench.backend.render import Renderer
    from alignbench.backend.steering import SteeringVector


# Why an engine refuses, and what to do.
STEERLESS = "it neither shows nor changes activations, which steering needs: use backend=hf"


@dataclass
class Usage:
    """What went through an engine since it was opened: tokens, and requests that failed for good."""

    prompt_tokens: int = 0
    generated_tokens: int = 0
    failed: int = 0

    def __sub__(self, earlier: Usage) -> Usage:
        """What went through since ``earlier``."""
        return Usage(**{f.name: getattr(self, f.name) - getattr(earlier, f.name) for f in fields(self)})


class IncompleteAnswers(AlignbenchError):
    """Some requests of a call failed for good; all others were answered.

    Attributes:
        answers: what the call would have returned, with empty texts where a request failed.
        share: of the call's requests that failed, within (0, 1].
    """

    def __init__(self, field: str, value: object, remedy: str, answers: list[Any], share: float) -> None:
        super().__init__(field, value, remedy)
        self.answers, self.share = answers, share


class Engine(ABC):
    """A model that answers. Weights are loaded at the first call, not when the engine is made.

    Every call takes many chats and keeps their order; ``adapter`` is a PEFT folder trained on this
    engine's base model, served without merging.
    """

    model: ModelRef
    usage: Usage

    @cached_property
    def renderer(self) -> Renderer:
        """Renders chats for the model; reads the tokenizer, not the weights."""
        from alignbench.backend.render import Renderer

        return Renderer.of(self.model)

    @abstractmethod
    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """``sampling.n`` texts for each chat, special tokens removed; see :meth:`think` for thoughts.

        Raises:
            IncompleteAnswers: a server failed on some chats; the error holds the texts of the others.
        """

    @abstractmethod
    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """Log-probability of each option as the assistant's next text; one forward where all are single tokens."""

    def think(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[Thought]]:
        """``sampling.n`` thoughts on each chat: the model's own where ``sampling.thought``, else what it says."""
        texts = self.generate(chats, sampling, adapter)
        if not sampling.thought:
            return [[Thought(text) for text in said] for said in texts]
        return [[Thought(t.removesuffix(END_OF_THOUGHT), t.endswith(END_OF_THOUGHT)) for t in said] for said in texts]

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Chats inside go on from call to call, or begin alike: an engine may keep what it has read of them.

        One that keeps nothing, or always does, as servers do, answers as ever.
        """
        yield

    @contextmanager
    def steering(self, steering: SteeringVector) -> Iterator[None]:
        """A vector is added to the residual stream in every call inside.

        Raises:
            AlignbenchError: this engine cannot, or the vector was made for another model.
        """
        raise AlignbenchError("backend", type(self).__name__, STEERLESS)
        yield

    def residuals(self, chats: Sequence[Chat], said: Sequence[str] = ()) -> NDArray[np.float32]:
        """The residual stream at the output of every layer, at the last token: shape (chats, layers, width).

        Args:
            said: what the assistant has said, one text a chat; without it the prompts are read to their ends.

        Raises:
            AlignbenchError: this engine does not show activations.
        """
        raise AlignbenchError("backend", type(self).__name__, STEERLESS)

    def room(self) -> str:
        """Where it runs, and with what memory, for a reader.

        Raises:
            AlignbenchError: the weights are more than the device can hold.
        """
        return "which sees to its own memory"

    @abstractmethod
    def close(self) -> None:
        """Free the weights. The next call would load them again."""


class EngineWrapper(Engine):
    """An engine that changes how another one is called; whatever is not overridden is the other's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def model(self) -> ModelRef:  # type: ignore[override]
        """The engine's."""
        return self._engine.model

    @property
    def usage(self) -> Usage:  # type: ignore[override]
        """The engine's: what all that share it have used."""
        return self._engine.usage

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """As the engine."""
        with self._engine.remembering():
            yield

    def close(self) -> None:
        """Close the engine, for all that share it."""
        self._engine.close()


class Backend(Component, ABC):
    """Where and how models run; knobs only, no weights.

    Attributes:
        serves_full_modules: whether an adapter may hold modules trained in full besides its LoRA matrices.
        steers: whether its engines show and change activations.
    """

    _group = "backend"

    serves_full_modules: ClassVar[bool] = False
    steers: ClassVar[bool] = False

    def verify(self) -> None:
        """Check in no time what can be checked without a model.

        Raises:
            AlignbenchError: a package, a program or a key is missing.
        """
        return

    @property
    def cards(self) -> int:
        """How many GPUs a process needs for one engine, where it runs on GPUs."""
        return 1

    @abstractmethod
    def open(self, model: ModelRef) -> Engine:
        """An engine for ``model``. Cheap: nothing is loaded yet.

        Raises:
            AlignbenchError: this backend cannot run here (what :meth:`verify` says, or a device is missing).
        """
