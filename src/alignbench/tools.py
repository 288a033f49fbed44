"""What judges, norm authors and generators may use beside their own knobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alignbench.backend import Engine
from alignbench.embedder import Embedder


@dataclass(frozen=True)
class Tools:
    """``engine`` is the base model's; it is called only by those that need a language model."""

    engine: Callable[[], Engine]
    embedder: Embedder
