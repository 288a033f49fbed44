"""Trained weights in the form that PEFT, transformers and vLLM load, with nothing of this machine in it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignbench.backend.model import HUB_ID
from alignbench.store.manifest import write_json
from alignbench.types import ModelRef

_ADAPTER = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"


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
    """Add the adapter to the base model's weights, in the number format of the run; needs memory for the model."""
    from peft import PeftModel

    from alignbench.backend.loading import load

    network, tokenizer = load(base, "cpu")
    PeftModel.from_pretrained(network, adapter).merge_and_unload().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
