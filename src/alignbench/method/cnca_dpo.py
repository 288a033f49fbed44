"""CNCA-DPO: right chains preferred to wrong ones. CNCA-style: only the paper's outline is known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.component import Positive
from alignbench.method import Method
from alignbench.steps.cnca import CNCA, LearnChains
from alignbench.steps.distil import Chain
from alignbench.training.dpo import PreferenceRow, train_dpo
from alignbench.training.recipe import TrainerKind
from alignbench.types import Message, check


@dataclass(frozen=True)
class CNCADPO(CNCA, Method):
    """Direct preference optimisation on (y+, y-) of the same item."""

    _trainer = TrainerKind.dpo

    # Weight of the log-ratios; a common value ([I]).
    beta: Positive = 0.1
    # Share of training.learning_rate: DPO diverges at rates where supervised training learns.
    rate: Positive = 0.1

    def learning(self, **common: Any) -> LearnChains:
        """Preference optimisation at this method's share of the rate."""
        training = common.pop("training")
        slower = training.with_knobs(learning_rate=self.rate * training.learning_rate)
        return LearnPreferences(**common, training=slower, beta=self.beta)


@dataclass(frozen=True, kw_only=True)
class LearnPreferences(LearnChains):
    """Pairs of chains on the same item, thought and answer in one turn.

    Where thoughts are asked for in words they are pairs of thoughts, and after each right thought the right answer
    against the wrong one.
    """

    beta: float

    def learn(self, chains: Sequence[Chain], folder: Path) -> Mapping[str, Any]:
        """Train on the pairs."""
        rows = [row for pair in _pairs(chains) for row in _rows(*pair)]
        remedy = "no item has both right and wrong chains: sample more, or at a higher method.temperature"
        check(bool(rows), "method.chains", len(chains), remedy)
        facts = train_dpo(self.job(folder), rows, self.beta)
        return {"rows": len(rows), **facts}


def _pairs(chains: Sequence[Chain]) -> list[tuple[Chain, Chain]]:
    """(right, wrong) chains of the same item, each used once."""
    by_item: dict[str, list[Chain]] = defaultdict(list)
    for chain in chains:
        by_item[chain.item].append(chain)
    pairs: list[tuple[Chain, Chain]] = []
    for found in by_item.values():
        right, wrong = ([chain for chain in found if chain.right is is_right] for is_right in (True, False))
        pairs += zip(right, wrong, strict=False)
    return pairs


def _rows(right: Chain, wrong: Chain) -> list[PreferenceRow]:
    if right.conclude is None:
        return [PreferenceRow(right.chat, right.answer, wrong.answer, (right.thought, wrong.thought))]
    after = (*right.chat, Message("assistant", right.thought), Message("user", right.conclude))
    answers = [PreferenceRow(after, right.answer, wrong.answer)]
    if right.thought == wrong.thought:
        return answers
    return [PreferenceRow(right.chat, right.thought, wrong.thought), *answers]
