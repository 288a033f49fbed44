"""The folder that every trainer leaves behind.

``<folder>/`` holds a PEFT adapter (``adapter_config.json``, ``adapter_model.safetensors``), for full weights
``model/`` with model and tokenizer, or what else was trained; ``history.json``, one entry per update;
``kept/<update>/``, the same weights at each checkpoint, where they are kept; and ``alignbench.json``, written last,
with the fingerprint of the base model and the facts of the training.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alignbench import ranks
from alignbench.aligned import KEPT, WEIGHTS
from alignbench.backend import Usage
from alignbench.store.manifest import write_json
from alignbench.training.checkpoints import CHECKPOINTS
from alignbench.training.recipe import Weights
from alignbench.training.selection import Job, best

_RECORD = "alignbench.json"


def finished(folder: Path) -> dict[str, Any] | None:
    """Facts of a training that was already exported to ``folder``, else None."""
    record = folder / _RECORD
    if not record.is_file():
        return None
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    facts: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return facts


def keep(
    network: Any,
    tokenizer: Any,
    job: Job,
    update: int,
    weights: Mapping[str, Any] | None = None,
    write: Callable[[Path], None] | None = None,
) -> None:
    """Write the weights as they stand after ``update``, where the training keeps its checkpoints.

    Args:
        weights, write: as for :func:`export`.
    """
    import torch

    if not job.training.keep_checkpoints or not ranks.is_main():
        return
    folder = job.folder / KEPT / str(update)
    if write is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
        return
    if job.training.weights is Weights.lora:
        network.save_pretrained(folder, selected_adapters=["default"], state_dict=weights)
        return
    # What is trained goes on in its own precision. Tensors that are tied stay so.
    cast: dict[int, Any] = {}
    state = (weights or network.state_dict()).items()
    whole = {name: cast.setdefault(w.data_ptr(), w.to(getattr(torch, job.model.dtype))) for name, w in state}
    network.save_pretrained(folder / WEIGHTS, state_dict=whole)
    tokenizer.save_pretrained(folder / WEIGHTS)


def export(
    network: Any,
    tokenizer: Any,
    job: Job,
    history: Sequence[Mapping[str, Any]],
    usage: Usage,
    weights: Mapping[str, Any] | None = None,
    write: Callable[[Path], None] | None = None,
) -> dict[str, Any]:
    """Write the weights of ``network`` and their record; checkpoints are removed.

    Args:
        history: one entry per update; :func:`best` of it is the update whose weights these are.
        usage: tokens that the updates read, and that were generated for them.
        weights: state dict where ``network`` itself holds shards only (FSDP).
        write: writes into the folder what was trained, where that is more than an adapter.

    Returns:
        The facts of the training, for the stage's manifest.
    """
    import torch

    model, training, folder = job.model, job.training, job.folder
    facts = {
        "base_fingerprint": model.fingerprint,
        "weights": training.weights.name,
        "quantise": "nf4" if training.nf4 else "none",
        "full_modules": list(training.full_modules),
        "updates": training.updates,
        "selected_update": best(history),
        "selection": training.select.name,
        "last": dict(history[-1]),
        **asdict(usage),
    }
    if ranks.is_main():
        if write is not None:
            write(folder)
        elif training.weights is Weights.full:
            whole = network.to(getattr(torch, model.dtype))
            whole.save_pretrained(folder / WEIGHTS, state_dict=weights)
            tokenizer.save_pretrained(folder / WEIGHTS)
        else:
            network.save_pretrained(folder, selected_adapters=["default"], state_dict=weights)
        write_json(folder / "history.json", list(history))
        write_json(folder / _RECORD, facts)
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    ranks.barrier()
    return facts
