"""Several processes that train one model (``accelerate launch``); on its own a process is rank 0 of one.

All ranks run the same cell. Rank 0 builds stages, the others wait and read; the stage ``fit`` is built by all
together, and rank 0 writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")
# Rank 0 may wait for another process that builds the same stage, and the others for rank 0.
_PATIENCE = timedelta(days=7)


def world() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def rank() -> int:
    """Which of them this one is."""
    return int(os.environ["RANK"]) if world() > 1 else 0


def is_main() -> bool:
    """Whether this process writes."""
    return rank() == 0


def share(rows: Sequence[T]) -> Sequence[T]:
    """The rows of this rank: every ``world()``-th."""
    return rows[rank() :: world()]


def agreed(value: T) -> T:
    """Rank 0's ``value``, on every rank."""
    if world() == 1:
        return value
    _connect()
    from torch import distributed

    told = [value]
    distributed.broadcast_object_list(told, src=0)
    return told[0]


def barrier() -> None:
    """Wait until every rank has come here."""
    agreed(True)
    if world() > 1:
        from torch import distributed

        distributed.barrier()


def add_up(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its sum over the ranks."""
    if world() == 1:
        return
    _connect()
    from torch import distributed

    for tensor in tensors:
        distributed.all_reduce(tensor)


def _connect() -> None:
    """Join the other ranks, as accelerate does it; each takes the card of its local rank."""
    from accelerate import PartialState

    from alignbench.device import has_cuda

    PartialState(cpu=not has_cuda(), timeout=_PATIENCE)
