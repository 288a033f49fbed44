"""A prompt policy as JSON: the system texts, and how to use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alignbench.store.manifest import plain
from alignbench.types import Item, PromptPolicy

FILE = "prompt_policy.json"


def policy_json(policy: PromptPolicy, items: Sequence[Item]) -> dict[str, Any]:
    """``systems`` where they are the same for all items, else ``items``: id -> question and system texts.

    Args:
        items: what the benchmark asks.
    """
    texts = {item.id: list(policy.systems_for(item)) for item in items}
    head = {
        "use": "Ask once with each system text (null: none) and average the answers' probabilities.",
        "language": policy.language,
        "reasoning": None if policy.reasoning is None else plain(vars(policy.reasoning)),
    }
    if all(found == texts[items[0].id] for found in texts.values()):
        return {**head, "systems": texts[items[0].id]}
    return {
        **head,
        "items": {item.id: {"question": policy.worded(item).question, "systems": texts[item.id]} for item in items},
    }
