"""What a model's configuration says of how it reads: all that an engine must honour, or refuse by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from typing import Any

from alignbench.backend.parts import config_of
from alignbench.types import ModelRef, check

# How configurations call the number of latest tokens that a layer of limited sight looks back on.
_WINDOWS = ("sliding_window", "attention_chunk_size", "attention_window_size", "window_size")
# How they call the number of positions, where these are no rotations and no slopes.
_POSITIONS = ("max_position_embeddings", "n_positions")


def text_config(model: ModelRef) -> Any:
    """The configuration of a model's language part; no weights are read."""
    return config_of(model.path).get_text_config(decoder=True)


def window(config: Any) -> int | None:
    """How many of the latest tokens the layers of the narrowest sight look back on; None where all see everything."""
    if getattr(config, "layer_types", None) and set(config.layer_types) <= {"full_attention", "linear_attention"}:
        return None
    sizes = [size for name in _WINDOWS if isinstance(size := getattr(config, name, None), int) and size > 0]
    return min(sizes, default=None)


def capped(config: Any) -> bool:
    """Whether attention logits are soft-capped, which torch's fused attention leaves out."""
    return any(value for name, value in vars(config).items() if "attn" in name and "softcap" in name)


def remembers_tokens(weights: Any) -> bool:
    """Whether all that is known of earlier tokens is keys and values of each layer, so that a prefix can be run apart.

    Not so where a layer forgets what lies outside its window, keeps a state instead, or shares keys with another layer,
    nor where the model cannot be told at which positions the rest stands.
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    config = weights.config.get_text_config(decoder=True)
    layers = DynamicCache(config=config).layers
    whole = len(layers) == config.num_hidden_layers and all(type(layer) is DynamicLayer for layer in layers)
    told = "position_ids" in _taken(weights)
    return whole and told and window(config) is None and not getattr(weights, "_is_stateful", False)


def known_arguments(weights: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the arguments that the model's ``forward`` takes: what has no positions is given none."""
    taken = _taken(weights)
    return {name: value for name, value in arguments.items() if name in taken}


def _taken(weights: Any) -> Mapping[str, Parameter]:
    """What the model takes, below the adapter that it may wear."""
    own = weights.get_base_model() if hasattr(weights, "get_base_model") else weights
    return signature(own.forward).parameters


def check_tokens(weights: Any, model: ModelRef, sequences: Iterable[tuple[int, ...]], more: int = 0) -> None:
    """Raise unless the model can read these sequences, and as many tokens ``more``, as it would each alone.

    Raises:
        AlignbenchError: a token has no embedding, or a sequence is longer than the model has positions for, or so long
            that the positions of all its tokens would move.
    """
    rows, limit = weights.get_input_embeddings().weight.shape[0], reach(weights.config.get_text_config(decoder=True))
    for ids in sequences:
        check(max(ids) < rows, "model.path", model.name, f"token {max(ids)} has no embedding, there are {rows}")
        if limit is not None:
            length = len(ids) + more
            check(length <= limit[0], "model.path", model.name, f"{length} tokens are too many: {limit[1]} {limit[0]}")


def reach(config: Any) -> tuple[int, str] | None:
    """How many tokens are read alike however many follow, and what is the matter past them; None if nothing is."""
    ropes = getattr(config, "rope_parameters", None) or {}
    for rope in (ropes, *ropes.values()):
        kind = rope.get("rope_type") if isinstance(rope, Mapping) else None
        if kind in ("dynamic", "longrope"):
            length = rope.get("original_max_position_embeddings") or config.max_position_embeddings
            return int(length), f"its {kind} rope moves the positions of all of them past"
    if ropes or getattr(config, "alibi", False):
        return None
    sizes = [getattr(config, name) for name in _POSITIONS if getattr(config, name, None)]
    return (min(sizes), "its positions end at") if sizes else None
