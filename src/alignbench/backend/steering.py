"""Steering: a vector added to the residual stream at the output of a layer; activations change, weights do not.

It is added at every token, read or written, so that what is said does not depend on what an engine keeps of earlier
tokens, nor on the padding of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignbench.backend import Engine, EngineWrapper
from alignbench.backend.architecture import text_config
from alignbench.types import Chat, ModelRef, OptionScores, Sampling, check

if TYPE_CHECKING:
    import torch

# In the folder of the stage that found it, and in an export: tensor "vector", and "layer" among the metadata.
FILE = "steering.safetensors"


@dataclass(frozen=True)
class SteeringVector:
    """What is added, and where.

    Attributes:
        layer: at whose output, counted from 0.
        vector: one number a dimension of the residual stream, the strength included.
    """

    layer: int
    vector: tuple[float, ...]

    def times(self, strength: float) -> SteeringVector:
        """The same direction, ``strength`` times as long."""
        return replace(self, vector=tuple(strength * x for x in self.vector))

    def save(self, folder: Path) -> None:
        """Write ``folder/steering.safetensors``."""
        import torch
        from safetensors.torch import save_file

        save_file({"vector": torch.tensor(self.vector)}, folder / FILE, metadata={"layer": str(self.layer)})

    @classmethod
    def load(cls, folder: Path) -> SteeringVector:
        """Inverse of :meth:`save`."""
        from safetensors import safe_open

        with safe_open(folder / FILE, framework="pt") as file:
            return cls(int(file.metadata()["layer"]), tuple(file.get_tensor("vector").tolist()))

    def verify(self, model: ModelRef) -> None:
        """Raise unless the model has this layer, and a residual stream of this width; no weights are read.

        Raises:
            AlignbenchError: the vector was made for another model.
        """
        config = text_config(model)
        layers, width = config.num_hidden_layers, config.hidden_size
        check(self.layer < layers, "steering.layer", self.layer, f"{model.name} has the layers 0 to {layers - 1}")
        check(len(self.vector) == width, "steering.vector", len(self.vector), f"{model.name} is {width} wide")

    @contextmanager
    def at_work(self, weights: Any) -> Iterator[None]:
        """The vector is added in every forward inside."""
        import torch

        layer = layers_of(weights)[self.layer]
        first = next(layer.parameters())
        added = torch.tensor(self.vector, dtype=first.dtype, device=first.device)
        handle = layer.register_forward_hook(lambda module, given, made: _with_residual(made, _residual(made) + added))
        try:
            yield
        finally:
            handle.remove()


class SteeredEngine(EngineWrapper):
    """An engine as it answers with a vector at work; the weights are shared with whoever else uses it."""

    def __init__(self, engine: Engine, steering: SteeringVector) -> None:
        super().__init__(engine)
        self._steering = steering

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """As the engine, steered."""
        with self._engine.steering(self._steering):
            return self._engine.generate(chats, sampling, adapter)

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """As the engine, steered."""
        with self._engine.steering(self._steering):
            return self._engine.score(chats, options, adapter)


def layers_of(weights: Any) -> Any:
    """The layers of a causal language model, the first one first; an adapter may be on."""
    import torch

    own = weights.get_base_model() if hasattr(weights, "get_base_model") else weights
    count = own.config.get_text_config(decoder=True).num_hidden_layers
    stacks = (part for part in own.modules() if isinstance(part, torch.nn.ModuleList) and len(part) == count)
    found = next(stacks, None)
    check(found is not None, "model", type(own).__name__, "its layers are not found: this architecture is not steered")
    return found


@contextmanager
def residuals_of(weights: Any) -> Iterator[list[torch.Tensor]]:
    """A list that the next forward fills with the output of each layer: shape (rows, tokens, width)."""
    found: list[torch.Tensor] = []
    handles = [
        layer.register_forward_hook(lambda module, given, made: found.append(_residual(made)))
        for layer in layers_of(weights)
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _residual(made: Any) -> torch.Tensor:
    """What a layer hands on, without what some layers return beside it."""
    residual: torch.Tensor = made[0] if isinstance(made, tuple) else made
    return residual


def _with_residual(made: Any, residual: torch.Tensor) -> Any:
    return (residual, *made[1:]) if isinstance(made, tuple) else residual
