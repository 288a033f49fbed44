"""What a model's configuration says of how it reads, in one place for all that must keep to it."""

from typing import Any

from alignbench.types import ModelRef

# Names under which configurations keep how many of the latest tokens a layer of limited sight looks back on.
_WINDOWS = ("sliding_window", "attention_chunk_size", "attention_window_size", "window_size")


def text_config(model: ModelRef) -> Any:
    """The configuration of a model's language part; no weights are read."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(model.path).get_text_config(decoder=True)


def window(config: Any) -> int | None:
    """How many of the latest tokens the layers of the narrowest sight look back on; None where all see everything."""
    if getattr(config, "layer_types", None) and set(config.layer_types) <= {"full_attention", "linear_attention"}:
        return None
    sizes = [size for name in _WINDOWS if isinstance(size := getattr(config, name, None), int) and size > 0]
    return min(sizes, default=None)
