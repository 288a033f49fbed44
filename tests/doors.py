"""Doors to engines for what runs outside a store: one engine, whichever model is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alignbench.backend import Engine
from alignbench.store.stage import Tools
from alignbench.store.store import Store
from alignbench.types import ModelRef


class Always:
    """Opens what ``make`` makes at the first call, for every model."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make, self._engine = make, None

    def __call__(self, model: ModelRef) -> Engine:
        self._engine = self._engine or self._make()
        return self._engine

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()


def tools_with(make: Callable[[], Engine]) -> Tools:
    """Tools whose engine ``make`` makes when it is first asked for; they reach no stage."""
    return Store(Path("nowhere"), Always(make)).tools()
