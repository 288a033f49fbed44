"""What batched scoring must equal: one unpadded sequence at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from alignbench.backend.loading import load
from alignbench.backend.render import Renderer
from alignbench.types import Chat, ModelRef


def reference(blank: ModelRef, chats: Sequence[Chat], options: Sequence[str]) -> list[list[float]]:
    """Log-probability of each option, one unpadded forward of prompt and option at a time."""
    import torch

    weights, tokenizer = load(blank, "cpu")
    renderer = Renderer(tokenizer, blank)
    rows = []
    for one in chats:
        prompt = renderer.prompt(one)
        begun = {}
        for tokens in (renderer.option_ids(prompt, option) for option in options):
            with torch.inference_mode():
                logits = weights(torch.tensor([[*prompt.ids, *tokens]])).logits[0].log_softmax(-1)
            start = len(prompt.ids) - 1
            begun[tokens] = math.exp(sum(logits[start + i, token].item() for i, token in enumerate(tokens)))
        # The longest first: an option is said alone where none of those that go on from it is said.
        said: dict[tuple[int, ...], float] = {}
        for tokens in sorted(begun, key=len, reverse=True):
            said[tokens] = begun[tokens] - sum(p for longer, p in said.items() if longer[: len(tokens)] == tokens)
        rows.append([math.log(said[renderer.option_ids(prompt, option)]) for option in options])
    return rows
