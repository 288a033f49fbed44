"""Open engines: one model holds its weights at a time, whoever asks."""

from dataclasses import dataclass, field

from alignbench.backend import Backend, Engine
from alignbench.backend.preflight import preflight
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.types import ModelRef

# What a process has tried need not be tried again, whoever opens it.
_TRIED: set[tuple[Backend, str]] = set()


class Engines:
    """Engines by backend and model; opening another one frees the weights of those before."""

    def __init__(self) -> None:
        self._open: dict[tuple[Backend, str], Engine] = {}

    def of(self, backend: Backend, model: ModelRef) -> Engine:
        """The engine of ``model`` on ``backend``, tried out; the same one for the same two, adapters come and go.

        Raises:
            AlignbenchError: what :func:`~alignbench.backend.preflight.preflight` finds.
        """
        key = (backend, canonical([model, str(model.path)]))
        if key not in self._open:
            self.close()
            self._open[key] = backend.open(model)
        if key not in _TRIED:
            for _, examine in preflight(lambda: self._open[key]):
                examine()
            _TRIED.add(key)
        return self._open[key]

    def close(self) -> None:
        """Free all weights; an engine that is used again loads them again."""
        for engine in self._open.values():
            engine.close()


@dataclass(frozen=True)
class Opener:
    """Opens models on one backend; without a backend it refuses to. It knows no survey, so a stage that holds it
    cannot reach a test item."""

    backend: Backend | None = None
    engines: Engines = field(default_factory=Engines)

    def __call__(self, model: ModelRef) -> Engine:
        """The engine of ``model``.

        Raises:
            AlignbenchError: there is no backend.
        """
        if self.backend is None:
            raise AlignbenchError("backend", None, f"this store only looks things up: it cannot open {model.name}")
        return self.engines.of(self.backend, model)

    def close(self) -> None:
        """Free the weights of all engines."""
        self.engines.close()


# The engines of this process, for all cells that it runs.
SHARED = Engines()
