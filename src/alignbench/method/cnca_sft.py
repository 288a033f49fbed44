"""CNCA-SFT: the right chains, learnt by supervised fine-tuning. CNCA-style: only the paper's outline is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.method import RunContext
from alignbench.method.cnca import FineTuned
from alignbench.method.distil import Chain
from alignbench.method.practice import validator
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import Message, check


@dataclass(frozen=True)
class CNCASFT(FineTuned):
    """-log pi(y+ | x), on the thought and on the answer after it."""

    def learn(self, context: RunContext, chains: Sequence[Chain], folder: Path) -> Mapping[str, Any]:
        """Two rows a right chain: the thought after the question, the answer after the thought."""
        right = [chain for chain in chains if chain.right and chain.thought]
        check(bool(right), "method.chains", len(chains), "no chain is right: sample more, or use a stronger model")
        rows = [row for chain in right for row in _rows(chain)]
        training, validate = self.training_of(context), validator(context)
        return {"rows": len(rows), **train_sft(context.model, rows, training, context.seed, folder, validate=validate)}


def _rows(chain: Chain) -> list[ConversationRow]:
    after = (*chain.chat, Message("assistant", chain.thought), Message("user", chain.conclude))
    return [ConversationRow(chain.chat, chain.thought), ConversationRow(after, chain.answer)]
