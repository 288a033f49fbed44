"""What judges, norm authors and generators may use beside their own knobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from alignbench.backend import Engine
from alignbench.backend.model import Model, Thinking
from alignbench.embedder import Embedder
from alignbench.errors import AlignbenchError


@dataclass(frozen=True)
class Tools:
    """``engine`` is the base model's; it is called only by those that need a language model."""

    engine: Callable[[], Engine]
    embedder: Embedder


@lru_cache(maxsize=2)
def engine_beside(path: str, thinking: Thinking, role: str) -> Engine:
    """Another model beside the base model, in process; kept open for the next call.

    Args:
        role: judge or author, for messages.

    Raises:
        AlignbenchError: the model is not there or incomplete; the message names the role's knob.
    """
    from alignbench.backend.hf import HF

    try:
        return HF().open(Model(path=path, name=role, thinking=thinking).resolve())
    except AlignbenchError as error:
        raise AlignbenchError(error.field.replace("model", role, 1), error.value, error.remedy) from error
