"""What was read of chats that go on: keys and values of their tokens, so that a next turn reads only what is new."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from alignbench.backend.options import Ids, common

if TYPE_CHECKING:
    import torch

# Keys and values of one layer.
Layer: TypeAlias = "tuple[torch.Tensor, torch.Tensor]"


@dataclass(frozen=True)
class Cache:
    """Sequences that were run, padded.

    Attributes:
        layers: keys and values of each layer, each of shape (sequences, heads, tokens, head size).
        mask: 1 where there is a token, shape (sequences, tokens).
    """

    layers: list[Layer]
    mask: torch.Tensor

    def tokens(self, row: int, count: int) -> list[Layer]:
        """The first tokens of a sequence without padding: each of shape (heads, count, head size)."""
        places = self.mask[row].nonzero()[:count, 0]
        return [(keys[row][:, places], values[row][:, places]) for keys, values in self.layers]


class Past:
    """Sequences that were run under one change of the model, as many of the latest as ``room`` bytes hold.

    A sequence takes the place of one that it goes on from, so that a chat is kept once however long it gets.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._change: object = None
        # In the order in which they came, and in the order of their tokens: neighbours share most.
        self._kept: dict[Ids, list[Layer]] = {}
        self._sorted: list[Ids] = []

    def turn_to(self, change: object) -> None:
        """Forget everything that was run under another change: an adapter, or a vector that steers."""
        if change != self._change:
            self._change = change
            for ids in list(self._kept):
                self._forget(ids)

    def known(self, ids: Ids) -> int:
        """How many of the first tokens were run before."""
        place = bisect_left(self._sorted, ids)
        return max((common(ids, kept) for kept in self._sorted[max(0, place - 1) : place + 1]), default=0)

    def recall(self, beginnings: Sequence[Ids]) -> Cache | None:
        """Beginnings that are :meth:`known`, some of them perhaps empty, padded on the left; None if all are empty."""
        import torch
        from torch.nn.functional import pad

        width = max(map(len, beginnings))
        if not width:
            return None
        found = [self._kept[self._sorted[bisect_left(self._sorted, ids)]] for ids in beginnings]

        def stacked(depth: int, part: int) -> torch.Tensor:
            rows = zip(found, map(len, beginnings), strict=True)
            return torch.stack([pad(kept[depth][part][:, :n], (0, 0, width - n, 0)) for kept, n in rows])

        layers = [(stacked(depth, 0), stacked(depth, 1)) for depth in range(len(found[0]))]
        mask = [[0] * (width - len(ids)) + [1] * len(ids) for ids in beginnings]
        return Cache(layers, torch.tensor(mask, device=layers[0][0].device))

    def keep(self, ids: Ids, layers: list[Layer]) -> None:
        """Keep a sequence that was run, as far as ``layers`` go.

        Args:
            layers: its keys and values, each of shape (heads, tokens, head size).
        """
        ids = ids[: layers[0][0].shape[1]]
        begun = ids[: self.known(ids)]
        if begun in self._kept:
            self._forget(begun)
        self._room -= _size(layers)
        self._kept[ids] = layers
        insort(self._sorted, ids)
        while self._room < 0:
            self._forget(next(iter(self._kept)))

    def _forget(self, ids: Ids) -> None:
        self._room += _size(self._kept.pop(ids))
        del self._sorted[bisect_left(self._sorted, ids)]


def _size(layers: Sequence[Layer]) -> int:
    """Bytes."""
    return sum(part.nelement() * part.element_size() for layer in layers for part in layer)
