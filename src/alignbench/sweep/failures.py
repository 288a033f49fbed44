"""Failed cells: one file each in ``<store>/failed/``, gone when the cell succeeds."""

import json
import time
import traceback
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from alignbench.errors import AlignbenchError
from alignbench.store.manifest import write_json
from alignbench.sweep.identity import command, identity, name_of


def record_of(cfg: DictConfig) -> Path:
    """Where the failure of the cell is kept, whether or not there is one."""
    task = _task(cfg)
    prefix = "" if task in ("run", "plan") else f"{task}-"  # a plan speaks of what a run did
    return Path(cfg.store).absolute() / "failed" / f"{prefix}{name_of(cfg)}-{identity(cfg)}.json"


def keep(cfg: DictConfig, error: Exception) -> Path:
    """Write what went wrong, the whole traceback, and the command that runs the cell alone."""
    path = record_of(cfg)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "cell": name_of(cfg),
        "message": str(error) if isinstance(error, AlignbenchError) else f"{type(error).__name__}: {error}",
        "overrides": list(HydraConfig.get().overrides.task),
        "command": command(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "traceback": "".join(traceback.format_exception(error)).splitlines(),
    }
    write_json(path, content)
    return path


def failure(cfg: DictConfig) -> dict[str, Any] | None:
    """What :func:`keep` wrote about the cell, None if it did not fail."""
    try:
        content: dict[str, Any] = json.loads(record_of(cfg).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content


def clear(cfg: DictConfig) -> None:
    """The cell succeeded; a plan does nothing, so it clears nothing."""
    if _task(cfg) != "plan":
        record_of(cfg).unlink(missing_ok=True)


def _task(cfg: DictConfig) -> str:
    return str(cfg.task._target_).split(".")[-2]
