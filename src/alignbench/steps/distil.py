"""Self-distillation (CNCA): the model reasons with a norm in view, and keeps what it said when it was right.

For each training item K chains, and an answer after each, are sampled with the item's low-level norm in the prompt; a
chain is right if its answer is the country's most frequent one. Of a model that thinks by itself the chain is its own
thought; one that was closed at its budget is not learnt. The norm is dropped from the stored prompt, so that a model
that learns the right chains must recall it. Only the outline of this is published; how many items, how many
chains and how they are sampled are knobs (all [I]).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from alignbench.backend import Engine
from alignbench.data.distance import regional_variation
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.evaluation.metrics import softmax
from alignbench.steps.mining import Mine, load
from alignbench.steps.practice import PROMPT_TOKENS
from alignbench.steps.texts import rendered
from alignbench.store.stage import Stage, Tools
from alignbench.types import Chat, Item, ModelRef, Sampling

_FILE = "chains.parquet"


@dataclass(frozen=True)
class Chain:
    """One sampled chain of thought on one item.

    Attributes:
        chat: the prompt without the norm, asking for thoughts where the model has none of its own.
        conclude: what then asks for the answer; None where the model thinks by itself.
        answer: the label that the model gave, sampled like the thought.
        top: the label of the country's most frequent answer.
        closed: whether the thought came to an end by itself.
    """

    item: str
    chat: Chat
    thought: str
    conclude: str | None
    answer: str
    top: str
    closed: bool = True

    @property
    def right(self) -> bool:
        """Whether the answer is the country's."""
        return self.answer == self.top


@dataclass(frozen=True, kw_only=True)
class Distil(Stage):
    """Chains on training items that the country was asked and that have a norm, those on which countries differ most.

    Attributes:
        system: what is said before the questions, and stays when the norm is dropped.
        sampling: of the thoughts; ``n`` for each item.
    """

    name = "distil"

    mined: Mine
    train: Survey
    iso3: str
    model: ModelRef
    asking: Asking
    system: str | None
    items: int
    sampling: Sampling

    @property
    def tokens(self) -> int:
        """A thought for each chain, read again for its answer."""
        return self.items * self.sampling.n * 2 * (PROMPT_TOKENS + self.sampling.max_new_tokens)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Sample the chains.

        Raises:
            AlignbenchError: asking for thoughts is not possible.
        """
        engine, norms = tools.engine(self.model), load(tools.folder(self.mined))
        before = replace(engine.usage)
        items = self._chosen(norms)
        sampled = self._sampled(engine, items, norms)
        sampled.to_parquet(folder / _FILE, index=False)
        right = int((sampled["answer"] == sampled["top"]).sum())
        facts: dict[str, Any] = {"items": len(items), "chains": len(sampled), "right": right}
        facts["wrong"] = len(sampled) - right
        if self.sampling.thought:
            facts["unclosed_share"] = cut = float(1 - sampled["closed"].mean())
            ended = f"did not end by themselves within {self.sampling.max_new_tokens} tokens, and are not learnt"
            facts["remarks"] = [f"{cut:.1%} of the thoughts that were sampled for training {ended}."]
        return {**facts, **asdict(engine.usage - before)}

    def chains(self, tools: Tools) -> list[Chain]:
        """The chains of the finished stage, with prompts that show no norm."""
        frame = pd.read_parquet(tools.folder(self) / _FILE)
        items = [self.train.item(name) for name in frame["item"].unique()]
        plain = {prompt.item: prompt for prompt in self._prompts(items, {})}
        asked = [plain[name] for name in frame["item"]]
        said = frame[["thought", "answer", "top", "closed"]].itertuples(index=False, name=None)
        return [
            Chain(prompt.item, prompt.request.chat, thought, prompt.conclude, answer, top, closed)
            for prompt, (thought, answer, top, closed) in zip(asked, said, strict=True)
        ]

    def _chosen(self, norms: Mapping[str, str]) -> list[Item]:
        asked = [item for item in self.train.asked(self.iso3) if item.id in norms]
        variation = regional_variation(self.train)
        return sorted(asked, key=lambda item: (-variation.get(item.id, 0.0), item.id))[: self.items]

    def _prompts(self, items: Sequence[Item], shown: Mapping[str, str]) -> list[Prompt]:
        """One prompt an item, the orders of the options in turn; ``shown`` is what an item's system text also says."""
        orders, asked_for = cycle(self.asking.orders_for(0, 1)), not self.sampling.thought
        told = ("\n\n".join(filter(None, (self.system, shown.get(item.id)))) or None for item in items)
        return [
            self.asking.prompt(item, 0, order, system, thinking=asked_for)
            for item, order, system in zip(items, orders, told, strict=False)
        ]

    def _sampled(self, engine: Engine, items: Sequence[Item], norms: Mapping[str, str]) -> pd.DataFrame:
        """Columns item, thought, closed, answer, top: a row a chain."""
        seen = self._prompts(items, {item.id: rendered("norms", norms=[norms[item.id]]) for item in items})
        thoughts = engine.think([prompt.request.chat for prompt in seen], self.sampling)
        asked = []
        for prompt, found in zip(seen, thoughts, strict=True):
            # Those of an item depend on no other item.
            draws = np.random.default_rng([self.sampling.seed, crc32(prompt.item.encode())]).random(len(found))
            asked += [(prompt, thought, float(draw)) for thought, draw in zip(found, draws, strict=True)]
        requests = [prompt.after(thought.text.strip()) for prompt, thought, _ in asked]
        scores = engine.score([r.chat for r in requests], [r.options for r in requests])
        rows = []
        for (prompt, thought, draw), request, score in zip(asked, requests, scores, strict=True):
            shares = np.array(self.train.of(self.iso3)[prompt.item].shares)[list(prompt.options)]
            answer, top = _drawn(score.logprobs, self.sampling.temperature, draw), int(shares.argmax())
            said = (thought.text.strip(), thought.closed)
            rows.append((prompt.item, *said, request.options[answer], request.options[top]))
        return pd.DataFrame(rows, columns=["item", "thought", "closed", "answer", "top"])


def _drawn(logprobs: Sequence[float], temperature: float, draw: float) -> int:
    """The option at quantile ``draw`` of the softmax at this temperature; the likeliest at 0."""
    if temperature == 0:
        return int(np.argmax(logprobs))
    return int(np.searchsorted(softmax(np.asarray(logprobs) / temperature).cumsum(), draw, side="right"))
