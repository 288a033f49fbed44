"""Survey questions practised by one-token answers, paid by a judge of the culture's norms: ours, after CultureRL.

A verdict of -1/0/+1 pays for the culture's majority answer alone, so a policy trained on it ends in the mode. Targets
let a reward pay for a *distribution* instead: a softmax of the judge's scores whose temperature is set by one further
fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from alignbench.context import RunContext
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.ask import Asking
from alignbench.evaluation.metrics import Array, softmax
from alignbench.evaluation.metrics import entropy as normalised_entropy
from alignbench.judge import Judge, Judgement
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import Retrieval, located, retrieved
from alignbench.steps.norm_pool import CheckJudge
from alignbench.steps.practice import Fit, Systems, of_run, option_rows
from alignbench.store.manifest import write_json
from alignbench.store.stage import Tools
from alignbench.training.losses import option_grpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind, Training
from alignbench.training.rows import OptionRow
from alignbench.types import Item


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
    """What an option is paid by. Both distribution rewards pay log target - own log-probability."""

    verdict = "verdict"  # the judge's -1/0/+1: pays for the majority alone
    entropy = "entropy"  # target: softmax of the judge's scores at a fixed entropy
    support = "support"  # target: the same, as peaked as the norm is widely held


@dataclass(frozen=True, kw_only=True)
class SurveyPractice(Fit):
    """GRPO on one-token answers: each option's reward is known beforehand, so groups are drawn from one softmax.

    Attributes:
        judges: iso3 -> who pays in that country, by the norm that an option is nearest to.
        items: ids of those that are practised.
        embedder: finds the cluster of an item.
        target_entropy: None where no target is made by it.
        systems: what is said before the questions.
    """

    judges: Mapping[str, CheckJudge]
    train: Survey
    items: tuple[str, ...]
    embedder: Embedder
    reward: Reward
    target_entropy: float | None
    systems: Systems
    asking: Asking

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter; ``option_scores*.json`` holds what each level of each item was judged.

        Raises:
            AlignbenchError: every reward group stays without variance.
        """
        known = {item.id: item for item in self.train.items if item.id in self.items}
        rows: list[OptionRow] = []
        judged: list[Judgement] = []
        practised = 0
        for iso3, checked in self.judges.items():
            judge, pool = checked.fitted(tools)
            graded = grade_levels(known, judge, pool, self.embedder, tools)
            name = f"option_scores_{iso3}.json" if len(self.judges) > 1 else "option_scores.json"
            write_json(folder / name, {i: [asdict(j) for j in row] for i, row in graded.items()})
            rows += self._rows(iso3, known, graded, pool)
            judged += [one for row in graded.values() for one in row]
            practised += len(graded)
        loss = partial(option_grpo, density=self.reward is not Reward.verdict)
        return {
            # Those in a cluster without a norm of the culture were dropped.
            "prompts": practised,
            "dropped": len(self.judges) * len(known) - practised,
            "judge_calls": len(judged),
            **unread(judged),
            **train_on_options(self.job(folder), rows, loss),
        }

    def _rows(
        self, iso3: str, items: Mapping[str, Item], graded: Mapping[str, Sequence[Judgement]], pool: NormPool
    ) -> list[OptionRow]:
        """Survey questions with the reward of every option, as verdicts or as a target."""
        targets = {i: self._target(items[i], row, pool) for i, row in graded.items()}
        verdicts = None
        if self.reward is Reward.verdict:
            verdicts = {i: by_option(items[i], [j.verdict for j in row]) for i, row in graded.items()}
        return option_rows(self.asking, items.values(), targets, verdicts, self.systems[iso3])

    def _target(self, item: Item, row: Sequence[Judgement], pool: NormPool) -> list[float]:
        """Shares of the item's options that the judge's scores (one per level) stand for.

        As peaked as the norm that decided is widely held; where the judge names none, as the item's own, or as norms
        are on average.
        """
        scores = [j.score for j in row]
        if self.reward is Reward.verdict:
            return [1 / len(item.codes)] * len(item.codes)  # unused: the verdicts are the reward
        if self.target_entropy is not None:
            levels = entropy_matched(scores, self.target_entropy)
        else:
            support = {norm.item: norm.support for norm in pool.norms}
            named = row[int(np.argmax(scores))].item
            usual = float(np.mean(list(support.values())))
            levels = peak_matched(scores, support.get(named or item.id, usual))
        return by_option(item, levels, spread=True)


def survey_practice(
    context: RunContext,
    judges: Mapping[str, CheckJudge],
    items: tuple[str, ...],
    reward: Reward,
    target_entropy: float,
    systems: Systems,
    asked: Systems,
) -> SurveyPractice:
    """The training stage; ``systems`` are said in training, ``asked`` when the model is asked."""
    training = context.training
    if reward is Reward.verdict:  # the floor is one of targets, and verdicts are paid as they are
        training = training.with_knobs(probability_floor=Training.probability_floor)
    return SurveyPractice(
        judges=judges,
        train=context.train,
        items=items,
        embedder=context.embedder,
        reward=reward,
        target_entropy=target_entropy if reward is Reward.entropy else None,
        systems=systems,
        asking=context.practising,
        **of_run(context, TrainerKind.options_grpo, systems=asked, training=training),
    )


def grade_levels(
    items: Mapping[str, Item], judge: Judge, pool: NormPool, embedder: Embedder, tools: Tools
) -> dict[str, list[Judgement]]:
    """Item id -> one judgement per level: "I <predicate>." against the norms of the item's cluster."""
    prompts = located([(i.id, i.question, i.concept) for i in items.values()], pool, embedder)
    norms = retrieved(prompts, pool, embedder, Retrieval.cluster)
    cases = [
        (prompt, items[prompt.item].statement(level, "I"), held)
        for prompt, held in zip(prompts, norms, strict=True)
        for level in range(len(items[prompt.item].predicates))
    ]
    judged = judge.judge([p.question for p, *_ in cases], [text for _, text, _ in cases], [n for *_, n in cases], tools)
    graded: dict[str, list[Judgement]] = {}
    for (prompt, *_), judgement in zip(cases, judged, strict=True):
        graded.setdefault(prompt.item, []).append(judgement)
    return graded


def unread(judged: Sequence[Judgement]) -> dict[str, Any]:
    """The share of judgements without a readable verdict, which count as 0, and what a page must say of it."""
    share = float(np.mean([not one.parsed for one in judged]))
    return {"unread_share": share, "remarks": unread_remark(share)}


def unread_remark(share: float) -> list[str]:
    """What tables must say if any verdict could not be read."""
    return [f"{share:.1%} of the judge's replies in training held no verdict and were paid 0."] if share else []


def by_option(item: Item, levels: Sequence[float] | np.ndarray[Any, Any], spread: bool = False) -> list[float]:
    """Values of levels as values of options; ``spread`` divides a level's value among its options."""
    of = [item.level(position) for position in range(len(item.codes))]
    return [float(levels[level]) / (of.count(level) if spread else 1) for level in of]
