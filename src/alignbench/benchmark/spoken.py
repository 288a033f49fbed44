"""Benchmarks whose published form reads the answer in a sampled text, where ours reads the probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from alignbench.benchmark import Benchmark
from alignbench.component import Count, NotNegative, PositiveShare
from alignbench.types import Sampling


class Reading(Enum):
    """Where the answer is read."""

    probabilities = "probabilities"  # of the options: no chance in it, and no reply that cannot be read
    words = "words"  # in one sampled reply, under the method's first system text: as published


@dataclass(frozen=True, kw_only=True)
class Spoken(Benchmark):
    """Knobs of such a benchmark; those of sampling are read by ``words`` alone."""

    reading: Reading = Reading.probabilities
    temperature: NotNegative = 0.7
    top_p: PositiveShare = 1.0
    reply_tokens: Count = 32
    # Which sample is drawn.
    sample: int = 0

    @property
    def identity(self) -> dict[str, Any]:
        """Knobs and content, without the knobs that only ``words`` reads where nothing is read in words."""
        idle = () if self.texts else ("temperature", "top_p", "reply_tokens", "sample", "unread")
        return {name: value for name, value in super().identity.items() if name not in idle}

    @property
    def texts(self) -> bool:
        """Whether replies are wanted."""
        return self.reading is Reading.words

    @property
    def sampling(self) -> Sampling:
        """How they are drawn."""
        return Sampling(self.reply_tokens, self.temperature, self.top_p, seed=self.sample)
