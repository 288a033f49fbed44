"""Knobs of the nano model's pre-training."""

from dataclasses import dataclass
from typing import Annotated

from alignbench.component import Component, Count, Positive, PositiveShare, Within


@dataclass(frozen=True)
class Recipe(Component):
    """Shape of the model, and how it is trained. Budgeted by steps, not by time, so that it can be made again."""

    hidden: Count = 128
    layers: Count = 4
    heads: Count = 4
    feed_forward: Count = 384
    vocabulary: Annotated[int, Within(least=300, remedy="bytes and roles alone need 300 entries")] = 1280
    steps: Count = 1600
    # Tokens of a step, padding included.
    batch_tokens: Count = 3072
    muon_rate: Positive = 0.02
    adam_rate: Positive = 3e-3
    # Steps of linear warm-up, and share of the steps in which the rates fall linearly to 0.
    warm_up: Count = 50
    decay: PositiveShare = 0.4
    # Documents from which the tokenizer learns.
    tokenizer_documents: Count = 2000
