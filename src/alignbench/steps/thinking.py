"""Thoughts before an answer, shared by the methods that let a model think."""

from dataclasses import dataclass

from alignbench.component import Component, Maybe, NotNegative, PositiveShare
from alignbench.context import RunContext
from alignbench.types import Sampling

# Tokens of a thought that is asked for in words, for a laptop, and of a model's own, for a GPU; our choice ([I]).
_ASKED_FOR, _OWN = 48, 1024


@dataclass(frozen=True)
class ThinksFirst(Component):
    """Part of a method that lets the model think first.

    A model that thinks by itself (``model.thinking=on``) is asked as ever: its chain is what it writes between the
    marks of its template, and one that does not end within its tokens is closed there by the template's own mark. Any
    other model is asked for thoughts in words, and then for the answer. The values are ours ([I]); temperature and
    top_p are common for reasoning models.
    """

    # Longest thought in tokens; 0 is 48 where thoughts are asked for in words, and 1024 for a model's own.
    thought_tokens: Maybe = 0
    temperature: NotNegative = 0.6
    top_p: PositiveShare = 0.95

    def thoughts(self, context: RunContext, chains: int) -> Sampling:
        """How the run's model samples ``chains`` thoughts."""
        own = context.model.thinks
        tokens = self.thought_tokens or (_OWN if own else _ASKED_FOR)
        return Sampling(tokens, self.temperature, self.top_p, chains, context.seed, thought=own)
