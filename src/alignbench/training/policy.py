"""The model that is trained: loaded, wrapped with LoRA or not, on the right device in the right type."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from alignbench.device import device_of, has_cuda
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.training.recipe import Quantise, Training, Weights
from alignbench.types import ModelRef


def load_policy(
    model: ModelRef, training: Training, seed: int, start: Path | None = None, rank_stabilised: bool = False
) -> tuple[Any, Any]:
    """Model in training mode and its tokenizer.

    Full weights are kept in float32 (in bfloat16 a step of 5e-6 would be rounded away) and only the
    arithmetic is bfloat16; a frozen base under LoRA is itself loaded in bfloat16 on CUDA (on the CPU that is
    slower than casting), or in four bits (QLoRA); what is trained stays in float32.

    Args:
        start: folder of an earlier training of the same kind to go on from.
        rank_stabilised: scale new LoRA matrices by alpha / sqrt(r), not by alpha / r.

    Raises:
        AlignbenchError: LoRA cannot be put on the model's modules.
    """
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import BitsAndBytesConfig

    from alignbench.backend.loading import load
    from alignbench.backend.render import Renderer

    if training.quantise is Quantise.auto and not training.nf4:
        say("  note   training.quantise=auto: no CUDA with bitsandbytes here, so the frozen base stays whole")
    full = training.weights is Weights.full
    frozen_bfloat16 = training.bfloat16 and has_cuda() and not full
    source = replace(model, dtype="bfloat16" if frozen_bfloat16 else "float32")
    if start is not None and full:
        source = replace(source, path=start / "model")
    packed = None
    if training.nf4:
        nf4 = {
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,
            "bnb_4bit_compute_dtype": torch.bfloat16,
        }
        packed = BitsAndBytesConfig(load_in_4bit=True, **nf4)
    network, tokenizer = load(source, device_of("auto"), packed)
    # Texts sampled in training end where the template ends a turn, which may not be the tokenizer's EOS.
    network.generation_config.eos_token_id = list(Renderer(tokenizer, model).stops)
    torch.manual_seed(seed)
    if full:
        network.requires_grad_(True)
    elif start is not None:
        network = PeftModel.from_pretrained(network, start, is_trainable=True)
    else:
        names = list(training.lora_targets)
        config = LoraConfig(
            r=training.lora_r,
            lora_alpha=training.lora_alpha,
            lora_dropout=training.lora_dropout,
            use_rslora=rank_stabilised,
            # PEFT wants this word as text, module names as a list.
            target_modules="all-linear" if names == ["all-linear"] else names,
            modules_to_save=list(training.full_modules) or None,
            task_type="CAUSAL_LM",
        )
        linear = (name for name, module in network.named_modules() if isinstance(module, torch.nn.Linear))
        own = sorted({name.rpartition(".")[2] for name in linear})
        try:
            network = get_peft_model(network, config)
            with torch.inference_mode():
                network.eval()(input_ids=torch.tensor([tokenizer("a").input_ids], device=network.device))
        except (ValueError, AttributeError, TypeError) as error:  # a module that PEFT knows not, or wraps wrongly
            reason = f"LoRA cannot be put on all of these in {model.name} ({str(error).partition('. ')[0]})"
            remedy = f"{reason}: name some of {', '.join(own)}"
            raise AlignbenchError("training.lora_targets", names, remedy) from error
    for weight in trainable(network).values():
        weight.data = weight.data.float()
    return network.train(), tokenizer


def trainable(network: Any) -> dict[str, Any]:
    """Name -> parameter of what the optimiser changes."""
    return {name: p for name, p in network.named_parameters() if p.requires_grad}
