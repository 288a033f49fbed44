"""A steered model as one model: the vector becomes the bias of a layer, which engines without hooks add as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alignbench.backend.loading import load
from alignbench.backend.steering import SteeringVector, layers_of
from alignbench.types import ModelRef, check

# How architectures call the last map of a layer's feed-forward part, whose output is added to the residual stream.
_LAST_MAPS = ("down_proj", "c_proj", "fc2", "dense_4h_to_h")
# How far a log-probability may move, but for the rounding of shorter number formats. Our choice.
_MOVED = {"float32": 1e-3, "bfloat16": 0.5, "float16": 0.1}


def write_biased(base: ModelRef, steering: SteeringVector, folder: Path) -> None:
    """Write base and vector as one model, in the number format of the run; needs memory for the model.

    Raises:
        AlignbenchError: the architecture has no bias there, or one that does something else.
    """
    import torch

    network, tokenizer = load(base, "cpu")
    probe = torch.tensor([tokenizer("How important is family in your life?").input_ids])

    def said(model: Any) -> torch.Tensor:
        with torch.inference_mode():
            found: torch.Tensor = model(input_ids=probe).logits[0, -1].float().log_softmax(-1)
        return found

    with steering.at_work(network):
        steered = said(network)
    biased = _with_biases(network)
    parts = {name.rpartition(".")[2]: part for name, part in layers_of(biased)[steering.layer].named_modules()}
    last = next((parts[name] for name in _LAST_MAPS if getattr(parts.get(name), "bias", None) is not None), None)
    remedy = f"{base.name} has no bias that could hold the vector: share it without task.merge"
    check(last is not None, "task.merge", True, remedy)
    assert last is not None
    with torch.no_grad():
        last.bias += torch.tensor(steering.vector, dtype=last.bias.dtype)
    moved = (said(biased) - steered).abs().max().item()
    remedy = f"a bias is not what the vector is in {base.name}: share it without task.merge"
    check(moved < _MOVED[base.dtype], "task.merge", True, f"{remedy} (a log-probability moves by {moved:.2g})")
    biased.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _with_biases(network: Any) -> Any:
    """The model with biases of zero in its feed-forward parts, where its configuration knows these and has none."""
    import torch
    from transformers import AutoModelForCausalLM

    config = network.config
    if getattr(config, "mlp_bias", True):
        return network
    config.mlp_bias = True
    made = AutoModelForCausalLM.from_config(config, dtype=network.dtype)
    fresh = set(made.load_state_dict(network.state_dict(), strict=False).missing_keys)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if name in fresh and name.endswith(".bias"):
                weight.zero_()
    return made.eval()
