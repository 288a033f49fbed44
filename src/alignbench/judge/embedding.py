"""The default judge: does the answer sit nearer to the norm or to its opposite?

Our choice, in place of CultureRL's gpt-4o-mini: no language model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alignbench.component import NotNegative
from alignbench.judge.decisive import Decisive, GradedJudge
from alignbench.store.stage import Tools


@dataclass(frozen=True)
class EmbeddingJudge(GradedJudge):
    """Score: difference of two cosines; few reach 0.3."""

    # A difference of cosines below this says nothing about the stance.
    margin: NotNegative = 0.02

    def scores(self, found: Sequence[Decisive], tools: Tools) -> list[float]:
        """Each norm's contrast."""
        return [d.contrast for d in found]
