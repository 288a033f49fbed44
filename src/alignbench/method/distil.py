"""Self-distillation (CNCA): the model reasons with a norm in view, and keeps what it said when it was right.

For each training item K chains, and an answer after each, are sampled with the item's low-level norm in the prompt; a
chain is right if its answer is the country's most frequent one. The norm is dropped from the stored prompt, so that a
model that learns the right chains must recall it. Only the outline of this is published; how many items, how many
chains and how they are sampled are knobs (all [I]).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from alignbench.component import Component
from alignbench.data.distance import regional_variation
from alignbench.evaluation.ask import Prompt
from alignbench.method import RunContext
from alignbench.method.mining import low_norms
from alignbench.method.prompting import norms_text
from alignbench.norms.mining import Mining
from alignbench.store.stages import Stage
from alignbench.types import Chat, Item, Sampling, check

_FILE = "chains.parquet"


@dataclass(frozen=True)
class Distillation(Component):
    """What of a method's knobs decides the chains; methods with equal ones share a stage.

    Attributes:
        items: how many training items, those on which countries differ most.
        chains: sampled for each item.
    """

    mining: Mining
    named: bool
    items: int
    chains: int
    thought_tokens: int
    temperature: float
    top_p: float


@dataclass(frozen=True)
class Chain:
    """One sampled chain of thought on one item.

    Attributes:
        chat: the prompt without the norm, asking for thoughts.
        thought: what the model said.
        conclude: what then asks for the answer.
        answer: the label that the model gave, sampled like the thought.
        top: the label of the country's most frequent answer.
    """

    item: str
    chat: Chat
    thought: str
    conclude: str
    answer: str
    top: str

    @property
    def right(self) -> bool:
        """Whether the answer is the country's."""
        return self.answer == self.top


def distil(context: RunContext, knobs: Distillation) -> tuple[Stage, list[Chain]]:
    """The chains of a culture, sampled or taken from the store.

    Raises:
        AlignbenchError: the country was asked fewer items than wanted, or asking for thoughts is not possible.
    """
    mined, norms = low_norms(context, knobs.mining, knobs.named)
    prompts = _prompts(context, _items(context, knobs.items, norms.norms))

    def build(folder: Path) -> Mapping[str, Any]:
        engine = context.engine()
        before = replace(engine.usage)
        sampled = _sampled(context, knobs, prompts, norms.norms)
        sampled.to_parquet(folder / _FILE, index=False)
        right = int((sampled["answer"] == sampled["top"]).sum())
        facts = {"items": len(prompts), "chains": len(sampled), "right": right, "wrong": len(sampled) - right}
        return {**facts, **asdict(engine.usage - before)}

    parts = {
        "mine": mined.key,
        "knobs": knobs.parts,
        "model": [context.model.identity, context.model.dtype],
        "asking": context.asking.parts,
        "seed": context.seed,
    }
    stage = context.store.stage("distil", parts, build, version=2)
    frame = pd.read_parquet(stage.path / _FILE)
    by_item = {prompt.item: prompt for prompt in prompts}
    return stage, [_chain(by_item[row["item"]], row) for row in frame.to_dict("records")]


def _items(context: RunContext, count: int, norms: Mapping[str, str]) -> list[Item]:
    """Training items that the country was asked and that have a norm, those first on which countries differ most."""
    asked = [item for item in context.train.asked(context.culture.iso3) if item.id in norms]
    check(count > 0, "method.items", count, "give a positive number")
    variation = regional_variation(context.train)
    return sorted(asked, key=lambda item: (-variation.get(item.id, 0.0), item.id))[:count]


def _prompts(context: RunContext, items: Sequence[Item]) -> list[Prompt]:
    """One prompt an item, the orders of the options in turn."""
    asking = context.asking
    orders = cycle(asking.orders_for(0, 1))
    return [asking.prompt(i, 0, order, None, thinking=True) for i, order in zip(items, orders, strict=False)]


def _sampled(
    context: RunContext, knobs: Distillation, prompts: Sequence[Prompt], norms: Mapping[str, str]
) -> pd.DataFrame:
    """Columns item, thought, answer, top: a row a chain."""
    engine, culture = context.engine(), context.culture
    sampling = Sampling(knobs.thought_tokens, knobs.temperature, knobs.top_p, knobs.chains, context.seed)
    shown = {prompt.item: norms_text([norms[prompt.item]]) for prompt in prompts}
    seen = [
        context.asking.prompt(context.train.item(p.item), 0, p.order, shown[p.item], thinking=True) for p in prompts
    ]
    thoughts = engine.generate([prompt.request.chat for prompt in seen], sampling)
    asked = [
        (prompt, text.strip(), draw)
        for prompt, texts in zip(seen, thoughts, strict=True)
        for text, draw in zip(texts, _draws(prompt.item, knobs.chains, context.seed), strict=True)
    ]
    requests = [prompt.after(text) for prompt, text, _ in asked]
    scores = engine.score([r.chat for r in requests], [r.options for r in requests])
    rows = []
    for (prompt, text, draw), request, score in zip(asked, requests, scores, strict=True):
        shares = np.array(context.train.of(culture.iso3)[prompt.item].shares)[list(prompt.options)]
        answer, top = _drawn(score.logprobs, knobs.temperature, draw), int(shares.argmax())
        rows.append((prompt.item, text, request.options[answer], request.options[top]))
    return pd.DataFrame(rows, columns=["item", "thought", "answer", "top"])


def _draws(item: str, count: int, seed: int) -> list[float]:
    """Numbers within [0, 1), one for each answer to be sampled; those of an item depend on no other item."""
    return list(np.random.default_rng([seed, crc32(item.encode())]).random(count))


def _drawn(logprobs: Sequence[float], temperature: float, draw: float) -> int:
    """The option at quantile ``draw`` of the softmax at this temperature; the likeliest at 0."""
    if temperature == 0:
        return int(np.argmax(logprobs))
    weights = np.exp((np.asarray(logprobs) - max(logprobs)) / temperature)
    return int(np.searchsorted(weights.cumsum() / weights.sum(), draw, side="right"))


def _chain(prompt: Prompt, row: Mapping[Any, Any]) -> Chain:
    assert prompt.conclude is not None
    return Chain(
        prompt.item, prompt.request.chat, str(row["thought"]), prompt.conclude, str(row["answer"]), str(row["top"])
    )


def counts(chains: Sequence[Chain]) -> dict[str, int]:
    """How many chains there are, how many are right, and on how many items."""
    right = [chain for chain in chains if chain.right]
    return {"chains": len(chains), "right": len(right), "items_with_right": len({chain.item for chain in right})}
