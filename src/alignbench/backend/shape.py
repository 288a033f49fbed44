"""The shape of a model's language part, from its config.json: what memory and time are estimated from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alignbench.types import ModelRef

_KNOWN = Path(__file__).parents[1] / "resources" / "shapes.json"
# What configurations call each number.
_NAMES = {
    "layers": ("num_hidden_layers", "n_layer"),
    "hidden": ("hidden_size", "n_embd"),
    "inner": ("intermediate_size", "n_inner"),
    "heads": ("num_attention_heads", "n_head"),
    "key_heads": ("num_key_value_heads",),
    "head_size": ("head_dim",),
    "vocabulary": ("vocab_size",),
}


@dataclass(frozen=True)
class ModelShape:
    """A transformer with gated feed-forward layers; others are taken for one of these.

    Attributes:
        hidden: width of the residual stream.
        inner: width of a feed-forward layer.
        key_heads: heads of keys and values.
        tied: whether the head is the embedding.
    """

    layers: int
    hidden: int
    inner: int
    heads: int
    key_heads: int
    head_size: int
    vocabulary: int
    tied: bool

    @property
    def matrices(self) -> dict[str, tuple[int, int]]:
        """Name of each linear module of a layer -> its inputs and outputs."""
        asked, kept = self.heads * self.head_size, self.key_heads * self.head_size
        return {
            "q_proj": (self.hidden, asked),
            "k_proj": (self.hidden, kept),
            "v_proj": (self.hidden, kept),
            "o_proj": (asked, self.hidden),
            "gate_proj": (self.hidden, self.inner),
            "up_proj": (self.hidden, self.inner),
            "down_proj": (self.inner, self.hidden),
        }

    @property
    def linear(self) -> int:
        """Weights of the linear modules of all layers."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.matrices.values())

    @property
    def table(self) -> int:
        """Weights of the embeddings, and of the head where it is another matrix."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """All weights: layers with their two norms, the last norm, embeddings, and a head of its own."""
        norms = (2 * self.layers + 1) * self.hidden
        return self.linear + norms + self.table * (1 if self.tied else 2)


def known() -> Mapping[str, Mapping[str, Any]]:
    """Hub id -> the numbers of the config.json that its authors published, and whether its licence must be accepted."""
    return _known()


@cache
def _known() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = json.loads(_KNOWN.read_text(encoding="utf-8"))
    return content


def shape_of(model: ModelRef) -> ModelShape | None:
    """Its shape, by the folder or by what is known of its hub id; None where neither tells."""
    file = model.path / "config.json"
    if file.is_file():
        return read(json.loads(file.read_text(encoding="utf-8")))
    return read(known().get(str(model.path), {}))


def read(config: Mapping[str, Any]) -> ModelShape | None:
    """The shape in a configuration, None where it lacks layers, width, heads or vocabulary."""
    text = config.get("text_config") or config
    found = {ours: next((text[n] for n in names if text.get(n)), 0) for ours, names in _NAMES.items()}
    if not all(found[name] for name in ("layers", "hidden", "heads", "vocabulary")):
        return None
    found["inner"] = found["inner"] or 4 * found["hidden"]
    found["key_heads"] = found["key_heads"] or found["heads"]
    found["head_size"] = found["head_size"] or found["hidden"] // found["heads"]
    return ModelShape(**found, tied=bool(config.get("tie_word_embeddings", False)))
