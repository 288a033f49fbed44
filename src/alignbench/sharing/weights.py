"""Trained weights in the form that PEFT, transformers and vLLM load, with nothing of this machine in it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignbench.backend.model import HUB_ID
from alignbench.store.manifest import write_json
from alignbench.types import ModelRef, check

_ADAPTER = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"
# Share of the next token that rounding to bfloat16 may move. Our choice.
_MERGED = 0.05


def hub_id(model: Mapping[str, Any]) -> str | None:
    """The hub id in the knobs of a model; None for builtins and folders."""
    path = str(model.get("path", ""))
    return path if HUB_ID.fullmatch(path) and not Path(path).exists() else None


def write_adapter(adapter: Path, base: str, folder: Path) -> None:
    """Copy the PEFT adapter and let its configuration name ``base`` instead of a folder of this machine."""
    shutil.copy(adapter / _ADAPTER, folder / _ADAPTER)
    write_json(folder / _CONFIG, adapter_config(adapter, base))


def adapter_config(adapter: Path, base: str) -> dict[str, Any]:
    """The adapter's configuration with ``base`` as its base model."""
    config: dict[str, Any] = json.loads((adapter / _CONFIG).read_text(encoding="utf-8"))
    return {**config, "base_model_name_or_path": base}


def write_merged(base: ModelRef, adapter: Path, folder: Path) -> None:
    """Add the adapter to the base model's weights, in the number format of the run; needs memory for the model.

    Raises:
        AlignbenchError: the sum is another model than the two apart.
    """
    import torch
    from peft import PeftModel

    from alignbench.backend.loading import load

    network, tokenizer = load(base, "cpu")
    worn = PeftModel.from_pretrained(network, adapter).eval()
    probe = torch.tensor([tokenizer("How important is family in your life?").input_ids])
    with torch.inference_mode():
        apart = worn(input_ids=probe).logits[0, -1].float().softmax(-1)
    merged = worn.merge_and_unload()
    with torch.inference_mode():
        moved = (merged(input_ids=probe).logits[0, -1].float().softmax(-1) - apart).abs().sum().item() / 2
    remedy = f"merging it changes what {base.name} says, as where layers share weights: share the adapter as it is"
    check(moved < _MERGED, "adapter", str(adapter), f"{remedy} ({moved:.2g} of the next token moved)")
    merged.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
