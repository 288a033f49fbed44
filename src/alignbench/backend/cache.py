"""The cache of converted and generated models."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def root() -> Path:
    """``$ALIGNBENCH_CACHE``, or ``~/.cache/alignbench``."""
    return Path(os.environ.get("ALIGNBENCH_CACHE") or "~/.cache/alignbench").expanduser()


def made(folder: Path, build: Callable[[Path], None]) -> Path:
    """``folder``, made once by ``build(partial folder)`` and renamed into place when complete.

    Of two processes that want it at once, one builds and the other waits.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f"{folder.name}.lock"):
        if not folder.is_dir():
            partial = folder.parent / f"{folder.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            build(partial)
            partial.rename(folder)
    return folder
