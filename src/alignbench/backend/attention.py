"""Attention of one new token, without copies of keys and values for each head that shares them."""

from typing import Any

# Under this name transformers knows it.
GROUPED = "alignbench_grouped"


def group_heads(weights: Any) -> None:
    """Let ``weights`` generate by :func:`grouped`, where several query heads share keys and values.

    With a mask, transformers' own attention repeats keys and values for every query head, at every token of a text:
    most of the time of a large batch. A model that has another attention than the fused one keeps it.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    config = weights.config.get_text_config(decoder=True)
    heads = getattr(config, "num_attention_heads", 1)
    fused = weights.is_backend_compatible() and config._attn_implementation == "sdpa"
    if fused and (getattr(config, "num_key_value_heads", None) or heads) < heads:
        AttentionInterface.register(GROUPED, grouped)
        AttentionMaskInterface.register(GROUPED, sdpa_mask)
        weights.set_attn_implementation(GROUPED)


def grouped(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> tuple[Any, None]:
    """Scaled dot-product attention; of one token, heads that share keys stand where a longer query has its tokens.

    Args:
        query: shape (sequences, heads, new tokens, head size).
        key, value: shape (sequences, heads that keys have, tokens, head size).
        attention_mask: shape (sequences, 1, new tokens, tokens), or None.

    Returns:
        shape (sequences, new tokens, heads, head size), and no weights.
    """
    from torch.nn.functional import scaled_dot_product_attention
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    sequences, heads, tokens, size = query.shape
    shared = key.shape[1]
    if tokens > 1 or options.get("position_bias") is not None:
        whole: tuple[Any, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return whole
    found = scaled_dot_product_attention(
        query.view(sequences, shared, heads // shared, size),
        key,
        value,
        attn_mask=attention_mask,
        dropout_p=options.get("dropout", 0.0),
        scale=options.get("scaling"),
    )
    return found.reshape(sequences, 1, heads, size), None
