"""One culture's part in a CultureRL training: its prompts, and what its judge pays for an answer to them.

A verdict of -1/0/+1 pays for the culture's majority answer alone, so a policy trained on it ends in the mode. Targets
let a reward pay for a *distribution* instead: a softmax of the judge's scores whose temperature is set by one further
fact. Our choice; CultureRL as published uses the verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.ask import Asking
from alignbench.evaluation.metrics import Array, softmax
from alignbench.evaluation.metrics import entropy as normalised_entropy
from alignbench.judge import Judge, Judgement
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import TrainingPrompt, stance_system
from alignbench.steps.practice import option_rows
from alignbench.store.stage import Tools
from alignbench.training.grpo import PromptRow
from alignbench.training.rows import OptionRow
from alignbench.training.sft import ConversationRow
from alignbench.types import Item, chat


def entropy_matched(scores: ArrayLike, entropy: float) -> Array:
    """Softmax of ``scores`` (K,) at the temperature where entropy / ln K equals ``entropy``, within (0, 1]."""
    return _match(np.asarray(scores, dtype=float), lambda p: -float(normalised_entropy(p)), -entropy)


def peak_matched(scores: ArrayLike, peak: float) -> Array:
    """Softmax of ``scores`` (K,) at the temperature where the largest probability equals ``peak``, within (0, 1].

    Below 1/K, which no softmax can reach, the result is uniform.
    """
    return _match(np.asarray(scores, dtype=float), lambda p: float(p.max()), peak)


def _match(scores: Array, sharpness: Callable[[Array], float], wanted: float) -> Array:
    """Bisect the inverse temperature; ``sharpness`` grows with it."""
    spread = float(np.ptp(scores))
    if spread == 0:
        return np.full(len(scores), 1 / len(scores))
    low, high = 0.0, 50.0 / spread
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sharpness(softmax(scores * middle)) < wanted else (low, middle)
    return softmax(scores * low)


class Reward(Enum):
    """What a reply is paid by. Both distribution rewards pay log target - own log-probability."""

    verdict = "verdict"  # the judge's -1/0/+1: the paper's form, pays for the majority alone
    entropy = "entropy"  # target: softmax of the judge's scores at a fixed entropy (ours)
    # target: the same, as peaked as the norm is widely held; in open practice the judge's score itself (ours)
    support = "support"


@dataclass(frozen=True)
class Environment:
    """The part of one culture.

    Attributes:
        judge: with thresholds that fit this culture's pool.
        told: system text of survey questions; None where the culture has a model to itself.
        target_entropy: normalised entropy of the target when ``reward`` is entropy, else None.
    """

    pool: NormPool
    judge: Judge
    prompts: Sequence[TrainingPrompt]
    told: str | None
    reward: Reward
    target_entropy: float | None
    tools: Tools

    @property
    def stances(self) -> list[ConversationRow]:
        """The culture's norm on each prompt's own item, said in the first person, as the reply to learn."""
        norms = {norm.item: norm.spoken_by("I").statement for norm in self.pool.norms}
        own = [p for p in self.prompts if p.item in norms]
        return [ConversationRow(chat(p.question, stance_system(self.pool.country)), norms[p.item]) for p in own]

    @property
    def open_rows(self) -> list[PromptRow]:
        """Open questions; ``meta`` says by whose norms, and which, a reply is judged."""
        return [
            PromptRow(
                chat(p.question, stance_system(self.pool.country)),
                {"country": self.pool.iso3, "question": p.question, "cluster": p.cluster},
            )
            for p in self.prompts
        ]

    def grade_replies(self, replies: Sequence[str], meta: Sequence[Mapping[str, Any]]) -> list[float]:
        """The reward of each reply, by the norms of its prompt's cluster."""
        norms = [self.pool.norms_of(m["cluster"]) for m in meta]
        judged = self.judge.judge([m["question"] for m in meta], replies, norms, self.tools)
        return [float(j.verdict) if self.reward is Reward.verdict else j.score for j in judged]

    def grade_options(self, items: Mapping[str, Item]) -> dict[str, list[Judgement]]:
        """Item id -> one judgement per level: "I <predicate>." against the norms of the prompt's cluster."""
        cases = [
            (p, items[p.item].statement(level, "I"))
            for p in self.prompts
            for level in range(len(items[p.item].predicates))
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

    def option_rows(
        self, asking: Asking, items: Mapping[str, Item], graded: Mapping[str, Sequence[Judgement]]
    ) -> list[OptionRow]:
        """Survey questions with the reward of every option, as verdicts or as a target."""
        targets = {i: self._target(items[i], row) for i, row in graded.items()}
        verdicts = None
        if self.reward is Reward.verdict:
            verdicts = {i: by_option(items[i], [j.verdict for j in row]) for i, row in graded.items()}
        return option_rows(asking, items.values(), targets, verdicts, self.told)

    def _target(self, item: Item, row: Sequence[Judgement]) -> list[float]:
        """Array over the item's options that the judge's scores (one per level) stand for."""
        scores = [j.score for j in row]
        if self.reward is Reward.verdict:
            return [1 / len(item.codes)] * len(item.codes)  # unused: the verdicts are the reward
        if self.target_entropy is not None:
            levels = entropy_matched(scores, self.target_entropy)
        else:
            support = {norm.item: norm.support for norm in self.pool.norms}
            best = row[int(np.argmax(scores))]
            levels = peak_matched(scores, support.get(best.item or "", 1 / len(scores)))
        return by_option(item, levels, spread=True)


def by_option(item: Item, levels: Sequence[float] | np.ndarray[Any, Any], spread: bool = False) -> list[float]:
    """Values of levels as values of options; ``spread`` divides a level's value among its options."""
    of = [item.level(position) for position in range(len(item.codes))]
    return [float(levels[level]) / (of.count(level) if spread else 1) for level in of]
