"""Weights and tokenizer of a resolved model, ready to run or to train."""

import re
from collections.abc import Mapping
from typing import Any

from alignbench.backend.architecture import capped
from alignbench.backend.attention import group_heads
from alignbench.backend.declared import tokenizer_of
from alignbench.backend.memory import keep_freed
from alignbench.progress import say
from alignbench.types import ModelRef, check

_LAYER = re.compile(r"\.\d+\.")
# Names of tensors in a message.
_SHOWN = 3


def load(model: ModelRef, device: str, quantisation: Any = None) -> tuple[Any, Any]:
    """(model, tokenizer) in the reference's dtype on ``device`` ("cpu", "cuda", "cuda:1").

    The tokenizer pads on the left and has a pad token that the model can read. Soft-capped attention is kept. The
    checkpoint's own sampling defaults (repetition penalty, top-k ...) are dropped: they would enter every generation
    unseen.

    Args:
        quantisation: transformers' configuration of weights in fewer bits, if they are to be.

    Raises:
        AlignbenchError: the weights lack a tensor that the configuration asks for, or hold another.
    """
    import torch
    import transformers

    quiet()
    if device == "cpu":
        keep_freed()
    say(f"  load   {model.name} ({model.dtype}, {device})")
    tokenizer = tokenizer_of(model, padding_side="left")
    config = transformers.AutoConfig.from_pretrained(model.path, trust_remote_code=False)
    text = config.get_text_config(decoder=True)
    for padded in (config, text):
        if (getattr(padded, "pad_token_id", None) or 0) >= text.vocab_size:
            padded.pad_token_id = None
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id >= text.vocab_size:
        tokenizer.pad_token = tokenizer.eos_token
    packed = {} if quantisation is None else {"quantization_config": quantisation, "device_map": {"": device}}
    weights, report = transformers.AutoModelForCausalLM.from_pretrained(
        model.path,
        config=config,
        trust_remote_code=False,
        dtype=getattr(torch, model.dtype),
        # None is transformers' choice: the fused attention where the model knows it.
        attn_implementation="eager" if capped(text) else None,
        # Told tensor by tensor, with what transformers would else refuse at the first tensor of another shape.
        output_loading_info=True,
        ignore_mismatched_sizes=True,
        **packed,
    )
    _check_tensors(model, weights, report)
    weights.generation_config = transformers.GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    group_heads(weights)
    # Packed weights cannot be moved.
    return (weights.eval() if packed else weights.to(device).eval()), tokenizer


def _check_tensors(model: ModelRef, weights: Any, report: Mapping[str, Any]) -> None:
    """Refuse a checkpoint that is not this model's: transformers would fill what it lacks with random numbers.

    Parts that the model has no place for at all, such as the eyes of one that sees, are left unread with a line.
    """
    wrong = [f"{name} is {tuple(there)} and must be {tuple(here)}" for name, there, here in report["mismatched_keys"]]
    modules = {_LAYER.sub(".#.", name) for name, _ in weights.named_modules()}
    spare = sorted(report["unexpected_keys"])
    own = [name for name in spare if _LAYER.sub(".#.", name.rpartition(".")[0]) in modules]
    for found, what in (
        (sorted(report["missing_keys"]), "the weights lack {} of the tensors that config.json asks for"),
        (sorted(wrong), "{} tensors have another shape than config.json asks for"),
        (own, "the weights hold {} tensors of this model that config.json leaves out"),
    ):
        remedy = f"{what.format(len(found))} ({', '.join(found[:_SHOWN])}{' ...' if len(found) > _SHOWN else ''})"
        check(not found, "model.path", str(model.path), f"{remedy}: download the folder again, or mend config.json")
    if spare:
        say(f"  load   {len(spare)} tensors left unread, which no part of {model.name} wants: {spare[0]} ...")


def quiet() -> None:
    """Keep transformers' own bars and warnings off the terminal, and what PEFT says of tied heads that come apart."""
    import warnings

    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message=".*ensure_weight_tying.*")
