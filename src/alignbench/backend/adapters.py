"""Does an adapter belong to a model? Asked of headers and records, before weights load."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from alignbench.backend import checkpoint
from alignbench.backend.parts import config_of
from alignbench.types import ModelRef, check

_RECORD = "alignbench.json"
_PREFIX = "base_model.model."


def verify(adapter: Path, model: ModelRef) -> None:
    """Raise unless ``adapter`` is a PEFT folder made for ``model``.

    The base's fingerprint counts where the trainer recorded it (``alignbench.json``:
    ``{"base_fingerprint": ...}``); the shapes of the LoRA matrices count always.

    Raises:
        AlignbenchError: files missing, or the adapter was trained on another base.
    """
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        check((adapter / name).is_file(), "adapter", str(adapter), f"{name} is missing: give a PEFT adapter folder")
    record = adapter / _RECORD
    if record.is_file():
        base = json.loads(record.read_text(encoding="utf-8")).get("base_fingerprint", model.fingerprint)
        check(base == model.fingerprint, "adapter", str(adapter), f"trained on another base than {model.name} ({base})")
    misfit = _misfit(adapter, model.path)
    check(misfit is None, "adapter", str(adapter), f"its shapes do not fit {model.name}: {misfit}")


def verify_served(adapter: Path, model: ModelRef, most: int) -> None:
    """Raise unless vLLM, in process or as a server, can serve ``adapter`` on ``model``.

    Args:
        most: the largest LoRA rank that it was started for.

    Raises:
        AlignbenchError: what :func:`verify` says; modules trained in full travel with it, which vLLM cannot put in
            the place of the base's; or its rank (the largest, where modules differ) is too large.
    """
    verify(adapter, model)
    config: dict[str, Any] = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    full = config.get("modules_to_save") or []
    remedy = f"it holds modules trained in full ({', '.join(full)}), which vLLM does not serve: use backend=hf"
    check(not full, "adapter", str(adapter), remedy)
    rank = max([config["r"], *(config.get("rank_pattern") or {}).values()])
    check(rank <= most, "backend.max_lora_rank", most, f"the adapter has rank {rank}: raise it")


def _misfit(adapter: Path, folder: Path) -> str | None:
    """The first module whose LoRA pair does not fit the base's weight, None if all fit."""
    base = {
        name: shape for shard in checkpoint.weight_files(folder) for name, shape in checkpoint.shapes(shard).items()
    }
    for name, shape in checkpoint.shapes(adapter / "adapter_model.safetensors").items():
        module, _, matrix = name.removeprefix(_PREFIX).rpartition(".lora_")
        if matrix not in ("A.weight", "B.weight") or module == "lm_head":
            continue
        # PEFT's own wrappers, of parameters that are no modules.
        module = module.replace(".base_layer", "")
        side, own = (1, shape[1]) if matrix == "A.weight" else (0, shape[0])
        if (weight := base.get(f"{module}.weight")) is not None and weight[side] == own:
            continue
        # Files may name modules otherwise than the network does, or hold matrices turned.
        modules = _modules(folder)
        if module not in modules:
            return f"{module} is not in the base"
        if (weight := modules[module]) is not None and weight[side] != own:
            return f"{module} is {weight[0]} x {weight[1]}, its LoRA {matrix[0]} is {shape[0]} x {shape[1]}"
    return None


@cache
def _modules(folder: Path) -> dict[str, tuple[int, int] | None]:
    """Name -> (outputs, inputs) of every module of a model, None of one that is no matrix; no weights are read."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.pytorch_utils import Conv1D

    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(config_of(folder))
    found: dict[str, tuple[int, int] | None] = {}
    for name, module in network.named_modules(remove_duplicate=False):
        linear, turned = isinstance(module, torch.nn.Linear), isinstance(module, Conv1D)
        outputs, inputs = module.weight.shape[:: -1 if turned else 1] if linear or turned else (0, 0)
        found[name] = (outputs, inputs) if linear or turned else None
    return found
