"""Weights and tokenizer of a resolved model, ready to run or to train."""

from typing import Any

from alignbench.backend.architecture import capped
from alignbench.backend.attention import group_heads
from alignbench.backend.memory import keep_freed
from alignbench.progress import say
from alignbench.types import ModelRef


def load(model: ModelRef, device: str, quantisation: Any = None) -> tuple[Any, Any]:
    """(model, tokenizer) in the reference's dtype on ``device`` ("cpu", "cuda", "cuda:1").

    The tokenizer pads on the left and has a pad token that the model can read. Soft-capped attention is kept. The
    checkpoint's own sampling defaults (repetition penalty, top-k ...) are dropped: they would enter every generation
    unseen.

    Args:
        quantisation: transformers' configuration of weights in fewer bits, if they are to be.
    """
    import torch
    import transformers

    quiet()
    if device == "cpu":
        keep_freed()
    say(f"  load   {model.name} ({model.dtype}, {device})")
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.path, padding_side="left")
    config = transformers.AutoConfig.from_pretrained(model.path)
    text = config.get_text_config(decoder=True)
    for padded in (config, text):
        if (getattr(padded, "pad_token_id", None) or 0) >= text.vocab_size:
            padded.pad_token_id = None
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id >= text.vocab_size:
        tokenizer.pad_token = tokenizer.eos_token
    packed = {} if quantisation is None else {"quantization_config": quantisation, "device_map": {"": device}}
    weights = transformers.AutoModelForCausalLM.from_pretrained(
        model.path,
        config=config,
        dtype=getattr(torch, model.dtype),
        # None is transformers' choice: the fused attention where the model knows it.
        attn_implementation="eager" if capped(text) else None,
        **packed,
    )
    weights.generation_config = transformers.GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    group_heads(weights)
    # Packed weights cannot be moved.
    return (weights.eval() if packed else weights.to(device).eval()), tokenizer


def quiet() -> None:
    """Keep transformers' own bars and warnings off the terminal, and what PEFT says of tied heads that come apart."""
    import warnings

    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message=".*ensure_weight_tying.*")
