"""Which cell a composed config describes, and those that failed: one file each in ``<store>/failed/``."""

import hashlib
import json
import shlex
import time
import traceback
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from alignbench.config import class_of, ours
from alignbench.faults import explained
from alignbench.identity import canonical
from alignbench.store.manifest import write_json

# What is done with a cell, where it goes and what happens on an error: no part of what it is.
_TRANSPORT = ("task", "store", "reports", "on_error", "stale", "tracking", "plugins")


def identity(cfg: DictConfig) -> str:
    """Twelve hex digits of everything in ``cfg`` that changes the meaning of the cell.

    Raises:
        AlignbenchError: a ``_target_`` of another package; it is not imported.
    """
    meaning = {key: _meaning(node, key) for key, node in ours(cfg).items() if key not in _TRANSPORT}
    return hashlib.sha256(canonical(meaning).encode()).hexdigest()[:12]


def _meaning(node: Any, place: str) -> Any:
    """``node`` without the recorded knobs of its class."""
    if not isinstance(node, Mapping):
        return node
    target = str(node.get("_target_", ""))
    known = fields(class_of(target, place)) if target else ()
    dropped = {f.name for f in known if f.metadata.get("recorded")}
    return {str(key): _meaning(value, f"{place}.{key}") for key, value in node.items() if key not in dropped}


def name_of(cfg: DictConfig) -> str:
    """The cell in words: method, culture, model and seed; its changed knobs stand in :func:`command`."""
    from alignbench.record.cell import slug

    method = HydraConfig.get().runtime.choices["method"]
    model = cfg.model.get("name") or Path(str(cfg.model.path)).name
    return slug(str(method), str(cfg.culture.name), model, cfg.seed, {})


def command() -> str:
    """The command that runs the job of the moment alone."""
    hydra = HydraConfig.get()
    words = list(hydra.overrides.task)
    folders = [s.path for s in hydra.runtime.config_sources if s.provider == "command-line"]
    mode = ["hydra.mode=RUN"] if any(word.startswith("experiment=") for word in words) else []
    return shlex.join(["python", "-m", "alignbench", *(f"--config-dir={f}" for f in folders), *mode, *words])


def record_of(cfg: DictConfig) -> Path:
    """Where the failure of the cell is kept, whether or not there is one."""
    task = _task(cfg)
    prefix = "" if task in ("run", "plan") else f"{task}-"  # a plan speaks of what a run did
    return Path(cfg.store).absolute() / "failed" / f"{prefix}{name_of(cfg)}-{identity(cfg)}.json"


def keep(cfg: DictConfig, error: Exception) -> Path | str:
    """Write what went wrong, the whole traceback, and the command that runs the cell alone.

    Returns:
        the file; where the disk takes none, the name of the cell.
    """
    path, told = record_of(cfg), explained(error)
    content = {
        "cell": name_of(cfg),
        "message": f"{type(error).__name__}: {error}" if told is None else str(told),
        "overrides": list(HydraConfig.get().overrides.task),
        "command": command(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "traceback": "".join(traceback.format_exception(error)).splitlines(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, content)
    except OSError:
        return name_of(cfg)
    return path


def failure(cfg: DictConfig) -> dict[str, Any] | None:
    """What :func:`keep` wrote about the cell, None if it did not fail."""
    try:
        content: dict[str, Any] = json.loads(record_of(cfg).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # there is none, or it was cut
        return None
    return content


def clear(cfg: DictConfig) -> None:
    """The cell succeeded; a plan does nothing, so it clears nothing."""
    if _task(cfg) != "plan":
        record_of(cfg).unlink(missing_ok=True)


def _task(cfg: DictConfig) -> str:
    return str(cfg.task._target_).split(".")[-2]
