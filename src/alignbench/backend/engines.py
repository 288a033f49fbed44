"""Open engines: one model holds its weights at a time, whoever asks."""

from __future__ import annotations

from alignbench.backend import Backend, Engine
from alignbench.store.key import canonical
from alignbench.types import ModelRef


class Engines:
    """Engines by backend and model; opening another one frees the weights of those before."""

    def __init__(self) -> None:
        self._open: dict[tuple[Backend, str], Engine] = {}

    def of(self, backend: Backend, model: ModelRef) -> Engine:
        """The engine of ``model`` on ``backend``; the same one for the same two, adapters come and go."""
        key = (backend, canonical([model.fingerprint, str(model.path), model.dtype, model.template_kwargs]))
        if key not in self._open:
            self.close()
            self._open[key] = backend.open(model)
        return self._open[key]

    def close(self) -> None:
        """Free all weights; an engine that is used again loads them again."""
        for engine in self._open.values():
            engine.close()

    def __len__(self) -> int:
        return len(self._open)


# The engines of this process, for all cells that it runs.
SHARED = Engines()
