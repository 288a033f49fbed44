"""A cache of keys and values that grows in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache

    from alignbench.backend.past import Layer


def growing(config: Any, room: int, layers: Sequence[Layer] = ()) -> DynamicCache:
    """A cache that has room for more tokens; transformers' own is copied whole at every token.

    In a large batch that copy takes as long as all the rest.

    Args:
        config: of a model all of whose layers attend to everything before.
        room: tokens to make room for whenever there is none left.
        layers: what it begins with, each of shape (sequences, heads, tokens, head size); nothing if empty.
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    class GrowingLayer(DynamicLayer):  # type: ignore[misc]
        """A view of the tokens so far into a buffer with room for those to come."""

        def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any) -> Layer:
            """Write new tokens behind those so far; all tokens."""
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
                self.buffers = [key_states[:, :, :0], value_states[:, :, :0]]
            start = self.get_seq_length()
            end = start + key_states.shape[2]
            for part, new in enumerate((key_states, value_states)):
                if end > self.buffers[part].shape[2]:
                    wider = new.new_empty(*new.shape[:2], end + room, new.shape[3])
                    wider[:, :, :start] = self.buffers[part][:, :, :start]
                    self.buffers[part] = wider
                self.buffers[part][:, :, start:end] = new
            self.keys, self.values = (buffer[:, :, :end] for buffer in self.buffers)
            return self.keys, self.values

    cache = DynamicCache()
    cache.layers = [GrowingLayer() for _ in range(config.get_text_config(decoder=True).num_hidden_layers)]
    if layers:
        for layer, begun in zip(cache.layers, layers, strict=True):
            layer.update(*begun)
    return cache
