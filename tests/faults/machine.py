"""What a machine may do to a run, done to one process: no disk, no memory, a clock that jumps, files that show late."""

from __future__ import annotations

import ctypes
import itertools
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Flags of Linux (sched.h, mount.h).
_NEW_MOUNTS, _READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x20000, 1, 32, 4096, 16384, 1 << 18


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[bool]:
    """Inside, ``folder`` is a disk of so many KiB; False where we may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = _mount("-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder))
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def grow(folder: Path) -> None:
    """Make room on a disk of :func:`small_disk`."""
    assert _mount("-o", "remount,size=200m", str(folder))


def _mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True).returncode == 0


def no_file_above(kib: int) -> None:
    """No file of this process grows beyond so many KiB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, kib << 10))


def read_only(*folders: Path) -> None:
    """These folders can be read only, by this process; by root, too, where it may mount."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        for folder in folders:
            folder.chmod(0o555)
        return
    library = ctypes.CDLL(None, use_errno=True)
    _done(library.unshare(_NEW_MOUNTS))
    _done(library.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))
    for name in (os.fsencode(folder) for folder in folders):
        _done(library.mount(name, name, None, _BIND, None))
        _done(library.mount(name, name, None, _BIND | _REMOUNT | _READ_ONLY, None))


def _done(code: int) -> None:
    if code:
        raise OSError(ctypes.get_errno(), "not allowed here")


def jumping_clock() -> None:
    """The clock is set a day forth and a day back at every look; the monotonic one is not."""
    true, true_gm, day = time.time, time.gmtime, itertools.cycle((86400.0, -86400.0))
    time.time = lambda: true() + next(day)
    time.gmtime = lambda seconds=None: true_gm(true() + next(day) if seconds is None else seconds)


def little_memory(rows: int) -> None:
    """A forward of more rows than these does not fit."""
    from alignbench.backend import forward

    fits = forward.logprobs

    def logprobs(weights: Any, suffixes: Any, *given: Any) -> Any:
        if len(suffixes) > rows:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory")
        return fits(weights, suffixes, *given)

    forward.logprobs = logprobs


def late(store: Path, seconds: float) -> None:
    """What another process has put into ``store`` shows up so much later, as on a file system of a network."""
    from alignbench.store import store as module

    own, moved, real = set[str](), module._moved, Path.stat

    def mine(partial: Path, goal: Any) -> bool:
        own.add(str(goal.path))
        return moved(partial, goal)

    def stat(self: Path, **knobs: Any) -> os.stat_result:
        found = real(self, **knobs)
        shown = self.parent.parent != store or self.suffix or str(self) in own
        if not shown and time.time() < found.st_ctime + seconds:
            raise FileNotFoundError(2, "it does not show yet", str(self))
        return found

    module._moved, Path.stat = mine, stat
