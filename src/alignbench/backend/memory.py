"""Freed memory on a CPU: kept for the next tensor, as allocators of GPUs do, and given back when asked."""

import ctypes
from functools import cache

# Parameters of glibc's mallopt (malloc.h).
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_freed() -> None:
    """From now on this process keeps what it frees; nothing changes where the C library is not glibc.

    glibc maps each large block by itself and unmaps it when it is freed, so that the kernel clears the same pages again
    for each tensor of a forward (``experiments/bench/memory.py``).
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, -1)


def give_back() -> None:
    """Hand what is kept and not in use to the system."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return library if hasattr(library, "gnu_get_libc_version") else None
