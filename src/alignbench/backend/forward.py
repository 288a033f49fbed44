"""Forward passes of a causal language model on left-padded batches: tokens in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alignbench.backend.options import Ids
from alignbench.types import Sampling

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Cache:
    """Prefixes that were run, padded on the left.

    Attributes:
        layers: keys and values of each layer, each of shape (prefixes, heads, tokens, head size).
        mask: 1 where there is a token, shape (prefixes, tokens).
    """

    layers: list[tuple[torch.Tensor, torch.Tensor]]
    mask: torch.Tensor


def shares_prefixes(config: Any) -> bool:
    """Whether every layer attends to everything before it, so that a prefix can be run apart."""
    layers = set(getattr(config, "layer_types", None) or ["full_attention"])
    return layers == {"full_attention"} and not getattr(config, "sliding_window", None)


def prefill(weights: Any, prefixes: Sequence[Ids]) -> Cache:
    """Keys and values of prefixes, each run once."""
    ids, mask = padded(prefixes, weights.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    cache = weights(
        input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1
    ).past_key_values
    return Cache([(layer[0], layer[1]) for layer in cache], mask)


def logprobs(
    weights: Any, suffixes: Sequence[Ids], keep: int, cache: Cache | None = None, prefixes: Sequence[int] = ()
) -> torch.Tensor:
    """Log-probabilities after each row's last ``keep`` tokens, float32, shape (rows, keep, vocabulary).

    Args:
        suffixes: tokens after the prefix whose keys and values are in ``cache``; of unlike length,
            so for a row shorter than ``keep`` the first positions mean nothing.
        prefixes: which of the cache each row begins with.
    """
    import torch
    from transformers import DynamicCache

    ids, mask = padded(suffixes, weights.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    past = None
    if cache is not None:
        which = torch.tensor(prefixes, device=weights.device)
        past = DynamicCache([(keys[which], values[which]) for keys, values in cache.layers])
        seen = cache.mask[which]
        mask = torch.cat([seen, mask], dim=1)
        positions = positions + seen.sum(-1, keepdim=True)
    logits: torch.Tensor = weights(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=past,
        use_cache=past is not None,
        logits_to_keep=keep,
    ).logits
    return logits.float().log_softmax(-1)


def sample(
    weights: Any, prompts: Sequence[Ids], sampling: Sampling, stops: Sequence[int], pad: int
) -> list[list[list[int]]]:
    """New tokens of ``sampling.n`` continuations of each prompt, stop and padding tokens included."""
    from transformers import GenerationConfig

    ids, mask = padded(prompts, weights.device, pad)
    drawn = (
        {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        if sampling.temperature > 0
        else {"do_sample": False}
    )
    # Greedy copies would all be equal: draw one and repeat it.
    copies = sampling.n if sampling.temperature > 0 else 1
    config = GenerationConfig(
        max_new_tokens=sampling.max_new_tokens,
        num_return_sequences=copies,
        eos_token_id=list(stops),
        pad_token_id=pad,
        **drawn,
    )
    rows = weights.generate(input_ids=ids, attention_mask=mask, generation_config=config)[:, ids.shape[1] :].tolist()
    return [rows[i : i + copies] * (sampling.n // copies) for i in range(0, len(rows), copies)]


def padded(rows: Sequence[Ids], device: Any, pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(token ids, attention mask) of shape (rows, longest row), padded on the left."""
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask
