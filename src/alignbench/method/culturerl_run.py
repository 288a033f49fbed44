"""What the phases of a CultureRL training share: the pool, who judges, and the prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alignbench.judge import Judge, Judgement
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import TrainingPrompt
from alignbench.tools import Tools
from alignbench.training.sft import ConversationRow
from alignbench.types import Item, chat


@dataclass(frozen=True)
class Run:
    """Of one training."""

    pool: NormPool
    judge: Judge
    prompts: Sequence[TrainingPrompt]
    system: str
    tools: Tools

    @property
    def support(self) -> Mapping[str, float]:
        """Item id -> share of people who hold its norm."""
        return {norm.item: norm.support for norm in self.pool.norms}

    @property
    def stances(self) -> list[ConversationRow]:
        """The culture's norm on each prompt's own item, said in the first person, as the reply to learn."""
        norms = {norm.item: norm.spoken_by("I").statement for norm in self.pool.norms}
        own = [p for p in self.prompts if p.item in norms]
        return [ConversationRow(chat(p.question, self.system), norms[p.item]) for p in own]

    def grade_options(self, items: Sequence[Item]) -> dict[str, list[Judgement]]:
        """Item id -> one judgement per level: "I <predicate>." against the norms of the prompt's cluster."""
        cases = [
            (p, item.statement(level, "I"))
            for p, item in zip(self.prompts, items, strict=True)
            for level in range(len(item.predicates))
        ]
        judged = self.judge.judge(
            [p.question for p, _ in cases],
            [text for _, text in cases],
            [self.pool.norms_of(p.cluster) for p, _ in cases],
            self.tools,
        )
        graded: dict[str, list[Judgement]] = {}
        for (prompt, _), judgement in zip(cases, judged, strict=True):
            graded.setdefault(prompt.item, []).append(judgement)
        return graded


def by_option(item: Item, levels: Sequence[float] | np.ndarray[Any, Any], spread: bool = False) -> list[float]:
    """Values of levels as values of options; ``spread`` divides a level's value among its options."""
    of = [item.level(position) for position in range(len(item.codes))]
    return [float(levels[level]) / (of.count(level) if spread else 1) for level in of]
