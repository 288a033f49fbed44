"""What a cell asks of an aligned model, as stages that cells share."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.component import recorded
from alignbench.evaluation.ask import Asking
from alignbench.evaluation.survey import CHUNK, respond, unclosed, unread
from alignbench.steps.practice import PROMPT_TOKENS
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.types import Item, Message, Sampling, Thought, chat

_RESPONSES, _SAMPLES = "responses.parquet", "samples.json"


@dataclass(frozen=True)
class Respond(Stage):
    """Answers of a model to items, whatever the culture asked."""

    name = "respond"

    model: AlignedModel
    items: tuple[Item, ...]
    asking: Asking
    chunk: int = recorded(CHUNK)

    @property
    def tokens(self) -> int:
        """Every item in every wording, in two orders; a thought is written, and read again for its answer.

        Each reply that is written counts with all its tokens, and its prompt once.
        """
        thoughts, replying = self.model.policy.reasoning, self.asking.replying
        each = PROMPT_TOKENS if thoughts is None else thoughts.n * 2 * (PROMPT_TOKENS + thoughts.max_new_tokens)
        each += (thoughts.n if thoughts else 1) * replying.samples * replying.tokens if replying else 0
        return 2 * len(self.items) * len(self.model.policy.systems or (None,)) * each

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Ask; a killed one goes on from its last chunk."""
        model = self.model.at_work(tools)
        before, thoughts = replace(model.engine.usage), model.policy.reasoning
        responses = respond(model, self.items, self.asking, folder, self.chunk)
        ended = {"unclosed_share": unclosed(responses)} if thoughts is not None and thoughts.thought else {}
        read = {} if self.asking.replying is None else {"unread_share": unread(responses)}
        return {"items": len(self.items), **ended, **read, **asdict(model.engine.usage - before)}

    def table(self, tools: Tools) -> pd.DataFrame:
        """The responses, as :func:`~alignbench.evaluation.survey.respond` gives them."""
        return pd.read_parquet(tools.folder(self) / _RESPONSES)


@dataclass(frozen=True)
class Samples(Stage):
    """Open answers to a few questions, before and after alignment, greedy: for the eye, not for the score."""

    name = "samples"

    before: AlignedModel
    after: AlignedModel
    items: tuple[Item, ...]
    max_new_tokens: int = 48

    def build(self, folder: Path, tools: Tools) -> None:
        """Ask both models."""
        said = [self._said(model, tools) for model in (self.before, self.after)]
        rows = zip(self.items, *said, strict=True)
        write_json(folder / _SAMPLES, [{"item": i.id, "before": b, "after": a} for i, b, a in rows])

    def _said(self, aligned: AlignedModel, tools: Tools) -> list[str]:
        model = aligned.at_work(tools)
        chats = [chat(item.question, model.policy.systems_for(item)[0]) for item in self.items]
        if self.before.base.thinks:
            sampling = model.policy.reasoning
            found = model.engine.think(chats, sampling, model.adapter) if sampling else [[Thought("")] for _ in chats]
            chats = [(*asked, Message("thought", first.text)) for asked, (first, *_) in zip(chats, found, strict=True)]
        texts = model.engine.generate(chats, Sampling(self.max_new_tokens), model.adapter)
        return [text[0] for text in texts]

    def rows(self, tools: Tools) -> list[dict[str, str]]:
        """Mappings of item (its id), before and after."""
        rows: list[dict[str, str]] = json.loads((tools.folder(self) / _SAMPLES).read_text(encoding="utf-8"))
        return rows
