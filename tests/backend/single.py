"""What batched scoring must equal: one unpadded sequence at a time."""

from __future__ import annotations

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
        row = []
        for option in options:
            tokens = renderer.option_ids(prompt, option)
            with torch.inference_mode():
                logits = weights(torch.tensor([[*prompt.ids, *tokens]])).logits[0].log_softmax(-1)
            start = len(prompt.ids) - 1
            row.append(sum(logits[start + i, token].item() for i, token in enumerate(tokens)))
        rows.append(row)
    return rows
