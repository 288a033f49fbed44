"""The network that writes an adapter's core from a text: Zhyper (Abdalla et al. 2025), and text-to-LoRA beside it.

For layer l and module m the change of weights is

    dW = s B[l, m] Z[l, m](c) A[l, m],    s = alpha / sqrt(r),

where A and B are LoRA's matrices, shared by all contexts, and Z(c) is a diagonal or a full r x r matrix that this
network writes for the context c. Text-to-LoRA (Charakorn et al. 2025) has the same network write all of A(c) and B(c).

Encoders, mixer, residual blocks and heads are those of the authors' code. The published widths are defaults of
:class:`~alignbench.training.hyper.Hyper`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# Inside the blocks they are four times as wide as outside, with this dropout throughout.
_WIDER = 4
_DROPOUT = 0.05


@dataclass(frozen=True)
class Adapted:
    """A linear module that LoRA adapts.

    Attributes:
        name: dotted, from the base model's root.
        depth: the number of its layer.
        kind: its own name in the layer (``q_proj``).
    """

    name: str
    depth: int
    kind: str
    inputs: int
    outputs: int

    @classmethod
    def of(cls, name: str, inputs: int, outputs: int) -> Adapted:
        """Depth and kind are read from the name; outside of any layer the depth is 0."""
        *path, kind = name.split(".")
        return cls(name, next((int(part) for part in path if part.isdigit()), 0), kind, inputs, outputs)


class HyperNetwork(nn.Module):
    """Contexts in, a core for each adapted module out.

    z = head_m(MLP3(MLP2(MLP1(mixer[ enc(c) ; layer ; module ])))).

    Args:
        read: numbers of a context.
        written: kind -> numbers that its head writes.
        latent: numbers of an encoded context; layer and module are embedded in half as many each.
        width: of what the heads read. Their weights begin at zero and their biases uniform in +-1/sqrt(width): were
            both zero, no gradient would ever reach them, because B begins at zero, too.
    """

    def __init__(
        self, modules: Sequence[Adapted], read: int, written: Mapping[str, int], latent: int, width: int
    ) -> None:
        super().__init__()
        self.places = {kind: [m.depth for m in modules if m.kind == kind] for kind in written}
        self.names = {kind: [m.name for m in modules if m.kind == kind] for kind in written}
        half, depths = latent // 2, 1 + max(m.depth for m in modules)
        mixed = latent + 2 * half
        self.context = nn.Sequential(nn.Linear(read, latent), nn.LayerNorm(latent))
        self.depth = nn.Sequential(nn.Embedding(depths, half), nn.LayerNorm(half))
        self.kind = nn.Sequential(nn.Embedding(len(written), half), nn.LayerNorm(half))
        self.mixer = nn.Sequential(nn.Dropout(_DROPOUT), *_block(mixed, mixed), nn.Dropout(_DROPOUT))
        self.mlp1, self.mlp2 = _residual(mixed), _residual(mixed)
        self.mlp3 = nn.Sequential(nn.LayerNorm(mixed), *_block(mixed, width))
        self.heads = nn.ModuleDict({kind: nn.Linear(width, size) for kind, size in written.items()})
        for name, weight in self.heads.named_parameters():
            if name.endswith("weight"):
                nn.init.zeros_(weight)

    def forward(self, contexts: Tensor) -> dict[str, Tensor]:
        """What the heads write of (B, read) contexts: name of each module -> (B, numbers)."""
        found: dict[str, Tensor] = {}
        told = self.context(contexts)
        for number, (kind, head) in enumerate(self.heads.items()):
            depths = torch.tensor(self.places[kind], device=contexts.device)
            parts = (
                told[:, None].expand(-1, len(depths), -1),
                self.depth(depths)[None].expand(len(told), -1, -1),
                self.kind(torch.full_like(depths, number))[None].expand(len(told), -1, -1),
            )
            mixed = self.mixer(torch.cat(parts, dim=-1))
            mixed = mixed + self.mlp1(mixed)
            mixed = mixed + self.mlp2(mixed)
            found |= dict(zip(self.names[kind], head(self.mlp3(mixed)).unbind(1), strict=True))
        return found


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    inside = _WIDER * inputs
    return nn.Linear(inputs, inside), nn.SiLU(), nn.Dropout(_DROPOUT), nn.Linear(inside, outputs), nn.SiLU()


def _residual(width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(width), *_block(width, width), nn.Dropout(_DROPOUT))


def state(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The tensors of that prefix, without it."""
    return {name.removeprefix(prefix): held for name, held in tensors.items() if name.startswith(prefix)}
