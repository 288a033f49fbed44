"""A lease over CUDA devices, so that cells that run at once never share a card by accident.

One lock file per card, held with ``flock``: the system frees it when the process ends, in whatever way.
"""

import ctypes
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from alignbench.backend import cache as caches
from alignbench.progress import say
from alignbench.types import check

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_PAUSE = 1.0
# Locks that this process holds, by the name that CUDA knows the card by. They are let go at its end.
_HELD: dict[str, FileLock] = {}


def claim(count: int, cards: Mapping[str, str] | None = None, folder: Path | None = None) -> tuple[str, ...]:
    """Hold ``count`` cards until the process ends and make them the only visible ones; waits for free ones.

    To be called before torch looks for CUDA. A process that holds enough keeps what it has. Ranks of ``accelerate
    launch`` claim nothing: there the user said which cards to use.

    Args:
        count: 0 where nothing runs on a card.
        cards: CUDA's name of a card -> its identity; None looks for those of this machine that are visible.
        folder: of the lock files; None is the cache.

    Returns:
        The names of the cards held.

    Raises:
        AlignbenchError: fewer cards than asked for are visible, or the process already settled for fewer.
    """
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the driver's order, in which cards are named here
    cards = visible() if cards is None else cards
    if not count or not cards or "LOCAL_RANK" in os.environ or len(_HELD) >= count:
        return tuple(_HELD)
    check(not _HELD, "backend", f"{count} GPUs", f"this process has {len(_HELD)} already: run these cells on their own")
    check(count <= len(cards), "backend", f"{count} GPUs", f"{len(cards)} visible here: lower tensor_parallel")
    folder = folder or caches.root() / "gpus"
    folder.mkdir(parents=True, exist_ok=True)
    said = False
    while not _take(count, cards, folder):
        if not said:
            say(f"  wait   {count} of {len(cards)} GPUs: other processes hold them")
        said = True
        time.sleep(_PAUSE)
    os.environ[_VISIBLE] = ",".join(_HELD)
    return tuple(_HELD)


def _take(count: int, cards: Mapping[str, str], folder: Path) -> bool:
    """All ``count`` of them, or none."""
    taken: dict[str, FileLock] = {}
    for name, identity in cards.items():
        lock = FileLock(folder / f"{socket.gethostname()}-{identity}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        taken[name] = lock
        if len(taken) == count:
            _HELD.update(taken)
            return True
    for lock in taken.values():
        lock.release()
    return False


def visible() -> dict[str, str]:
    """The cards that CUDA may use: name (index or UUID, as in CUDA_VISIBLE_DEVICES) -> UUID.

    Inside a job that sees one card of a node, that card is number 0; its UUID is another than its neighbour's.
    """
    known = {str(i): uuid for i, uuid in enumerate(_uuids())}
    if _VISIBLE not in os.environ or not known:
        return known
    names = [name.strip() for name in os.environ[_VISIBLE].split(",") if name.strip() not in ("", "-1")]
    return {name: known.get(name, name) for name in names}


def _uuids() -> list[str]:
    """UUIDs of the machine's cards in the order of their slots, asked of the driver; none without one."""
    from alignbench.device import has_cuda

    if not has_cuda():
        return []
    nvml = ctypes.CDLL("libnvidia-ml.so.1")
    count = ctypes.c_uint()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    found = []
    for i in range(count.value):
        handle, text = ctypes.c_void_p(), ctypes.create_string_buffer(96)
        nvml.nvmlDeviceGetHandleByIndex_v2(i, ctypes.byref(handle))
        nvml.nvmlDeviceGetUUID(handle, text, len(text))
        found.append(text.value.decode())
    return found
