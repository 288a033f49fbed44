"""CNCA-SFT: the right chains, learnt by supervised fine-tuning. CNCA-style: only the paper's outline is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.method import Method
from alignbench.steps.cnca import CNCA, LearnChains
from alignbench.steps.distil import Chain
from alignbench.training.recipe import TrainerKind
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import Message, check


@dataclass(frozen=True)
class CNCASFT(CNCA, Method):
    """-log pi(y+ | x), on the thought and on the answer after it."""

    _trainer = TrainerKind.sft

    def learning(self, **common: Any) -> LearnChains:
        """Supervised fine-tuning."""
        return LearnRight(**common)


@dataclass(frozen=True, kw_only=True)
class LearnRight(LearnChains):
    """A row a right chain, thought and answer in one turn; two where thoughts are asked for in words."""

    def learn(self, chains: Sequence[Chain], folder: Path) -> Mapping[str, Any]:
        """Train on what the model said when it was right."""
        right = [chain for chain in chains if chain.right]
        check(bool(right), "method.chains", len(chains), "no chain is right: sample more, or use a stronger model")
        rows = [row for chain in right for row in _rows(chain)]
        facts = train_sft(self.job(folder), rows)
        return {"rows": len(rows), **facts}


def _rows(chain: Chain) -> list[ConversationRow]:
    if chain.conclude is None:
        return [ConversationRow(chain.chat, chain.answer, thought=chain.thought)]
    after = (*chain.chat, Message("assistant", chain.thought), Message("user", chain.conclude))
    return [ConversationRow(chain.chat, chain.thought), ConversationRow(after, chain.answer)]
