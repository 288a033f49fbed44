"""Documents as batches of tokens, grouped by length so that little is padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.nano.corpus import Document
from experiments.nano.tokenizer import END

if TYPE_CHECKING:
    import torch

# Documents that are sorted by length together.
_POOL = 1024


class Batch(NamedTuple):
    """Token ids and the loss weight of predicting each, both (documents, longest document), padded on the right."""

    ids: torch.Tensor
    weights: torch.Tensor


def batches(documents: Iterable[Document], tokenizer: Any, tokens: int, seed: int) -> Iterator[Batch]:
    """Batches of about ``tokens`` tokens, padding included; order drawn anew within each pool."""
    import numpy as np

    rng = np.random.default_rng([seed, 2])
    encode = _encoder(tokenizer)
    stream = iter(documents)
    while pool := sorted((encode(d) for d in islice(stream, _POOL)), key=lambda pair: len(pair[0])):
        groups: list[list[tuple[list[int], list[float]]]] = [[]]
        for pair in pool:
            if (len(groups[-1]) + 1) * len(pair[0]) > tokens:
                groups.append([])
            groups[-1].append(pair)
        for index in rng.permutation(len(groups)):
            yield _padded(groups[index], tokenizer.pad_token_id)


def _encoder(tokenizer: Any) -> Any:
    end = tokenizer.convert_tokens_to_ids(END)
    role_ids = {role: tokenizer.convert_tokens_to_ids(f"<|{role}|>") for role in ("system", "user", "assistant")}

    @cache
    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False).input_ids
        return found

    def encode(document: Document) -> tuple[list[int], list[float]]:
        tokens: list[int] = []
        weights: list[float] = []
        for turn in document:
            content = ids(turn.content)
            tokens += [role_ids[turn.role], *content, end]
            weights += [0.0, *[turn.weight] * len(content), min(turn.weight, 1.0)]
        return tokens, weights

    return encode


def _padded(pairs: list[tuple[list[int], list[float]]], pad: int) -> Batch:
    import torch

    width = max(len(ids) for ids, _ in pairs)
    ids = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in pairs])
    weights = torch.tensor([w + [0.0] * (width - len(w)) for _, w in pairs])
    return Batch(ids, weights)
