"""Forward passes of a causal language model on left-padded batches: tokens in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from alignbench.backend import architecture
from alignbench.backend.growing import growing
from alignbench.backend.options import Ids
from alignbench.backend.past import Cache
from alignbench.types import Sampling

if TYPE_CHECKING:
    import torch


def prefill(weights: Any, suffixes: Sequence[Ids], past: Cache | None = None) -> Cache:
    """Keys and values of sequences, each run once.

    Args:
        suffixes: sequences, without what ``past`` holds of each.
    """
    import torch

    ids, mask = padded(suffixes, weights.device)
    begun = None
    if past is not None:
        mask = torch.cat([past.mask, mask], dim=1)
        begun = growing(weights.config, ids.shape[1], past.layers)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    cache = _run(weights, ids, mask, positions, 1, begun, use_cache=True).past_key_values
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
    logits: torch.Tensor = _run(weights, ids, mask, positions, keep, past, use_cache=past is not None).logits
    return logits[:, -keep:].float().log_softmax(-1)


def _run(
    weights: Any,
    ids: torch.Tensor,
    mask: torch.Tensor,
    positions: torch.Tensor,
    keep: int,
    past: Any,
    use_cache: bool,
) -> Any:
    """One forward; models without positions, or that give all logits whatever is wanted, are asked as they know it."""
    asked = {"position_ids": positions, "past_key_values": past, "logits_to_keep": keep}
    return weights(
        input_ids=ids, attention_mask=mask, use_cache=use_cache, **architecture.known_arguments(weights, asked)
    )


def sample(
    weights: Any, suffixes: Sequence[Ids], sampling: Sampling, stops: Sequence[int], past: Cache | None = None
) -> tuple[list[list[list[int]]], Cache | None]:
    """``sampling.n`` continuations of each prompt, and the keys and values of all that was run.

    Args:
        suffixes: prompts, without what ``past`` holds of each.

    Returns:
        new tokens, the stop and padding with stops included, by prompt and sample; keys and values of the prompts'
        first samples, the last token's not among them, None of a model that keeps something else.
    """
    import torch
    from transformers import GenerationConfig

    # A tokenizer's own padding token may have no embedding.
    pad = stops[0]
    ids, mask = padded(suffixes, weights.device, pad)
    room = ids.shape[1] + sampling.max_new_tokens
    drawn: dict[str, Any] = {"do_sample": False}
    # Greedy copies would all be equal: draw one and repeat it.
    copies = 1
    if sampling.temperature > 0:
        copies = sampling.n
        drawn = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    layers = []
    if past is not None:
        # The tokens themselves are not read again.
        ids = torch.cat([torch.full_like(past.mask, pad), ids], dim=1)
        mask = torch.cat([past.mask, mask], dim=1)
        layers = [
            (keys.repeat_interleave(copies, 0), values.repeat_interleave(copies, 0)) for keys, values in past.layers
        ]
    begun = growing(weights.config, room, layers) if architecture.remembers_tokens(weights) else None
    config = GenerationConfig(
        max_new_tokens=sampling.max_new_tokens,
        num_return_sequences=copies,
        eos_token_id=list(stops),
        pad_token_id=pad,
        return_dict_in_generate=True,
        **drawn,
    )
    made = weights.generate(input_ids=ids, attention_mask=mask, past_key_values=begun, generation_config=config)
    rows = made.sequences[:, ids.shape[1] :].tolist()
    run = None
    if begun is not None:
        layers = [(layer[0][::copies], layer[1][::copies]) for layer in made.past_key_values]
        new = layers[0][0].shape[2] - ids.shape[1]
        run = Cache(layers, torch.cat([mask, mask.new_ones(len(mask), new)], dim=1))
    return [rows[i : i + copies] * (sampling.n // copies) for i in range(0, len(rows), copies)], run


def padded(rows: Sequence[Ids], device: Any, pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(token ids, attention mask) of shape (rows, longest row), padded on the left."""
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask
