"""How weights are trained: one record of knobs for every trainer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from alignbench.backend.device import has_bfloat16
from alignbench.component import Component, recorded
from alignbench.types import check, one_of


class Weights(Enum):
    """Which weights a trainer changes."""

    lora = "lora"
    full = "full"


@dataclass(frozen=True)
class Training(Component):
    """Knobs of SFT and GRPO. Learning rate in AdamW units; lengths in tokens."""

    weights: Weights = Weights.lora
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    # PEFT target: "all-linear" or module names.
    lora_targets: tuple[str, ...] = ("all-linear",)
    learning_rate: float = 5e-4
    # constant | linear | cosine
    schedule: str = "linear"
    # Below 1 a share of the updates, else a number of updates.
    warmup: float = 0.0
    max_grad_norm: float = 1.0
    # Optimiser updates of the main phase.
    updates: int = 56
    prompts_per_update: int = 8
    # Completions a prompt (G) where text is generated.
    generations: int = 8
    # Answers a prompt (G) where the answer is one token: drawn from one softmax, so nearly free.
    option_generations: int = 64
    # KL weight to the reference model.
    kl_beta: float = 0.0
    clip_epsilon: float = 0.2
    # TRL loss_type of GRPO, among those that do not depend on the micro-batch: grpo | dr_grpo | dapo.
    loss_type: str = "dr_grpo"
    # Divide advantages by the standard deviation of the rewards: group | batch | none (batch: generated text only).
    scale_rewards: str = "group"
    # One-token answers: reward of a reply that is no option, least target probability in a
    # log reward, and the bound on advantages.
    invalid_reward: float = -5.0
    probability_floor: float = 0.01
    advantage_clip: float = 5.0
    # Sampling of generated text (TRL); one-token answers are drawn from the whole softmax.
    temperature: float = 0.9
    top_p: float = 1.0
    top_k: int = 50
    max_prompt_tokens: int = 512
    max_new_tokens: int = 64
    # Generate through vLLM in the training process (CUDA); another engine, so other samples.
    vllm: bool = False
    # Sequences in one forward; memory only, gradients are accumulated (dropout, if any, draws other masks).
    micro_batch: int = recorded(16)
    # Recompute activations in the backward pass: less memory, a third more time.
    gradient_checkpointing: bool = recorded(False)
    # Checkpoint (and validation) every so many updates.
    checkpoint_every: int = 14
    # Export the checkpoint that scores best on the culture's validation items, else the last.
    select_on_validation: bool = True
    # Stop when every group of this many consecutive updates had zero variance.
    patience_zero_variance: int = 10
    # Arithmetic: float32 | bfloat16 (weights that are trained stay in float32); "auto" is bfloat16 where the
    # hardware has it, CPUs included. What it came to is part of the identity.
    dtype: str = "auto"

    def __post_init__(self) -> None:
        check(self.updates > 0, "training.updates", self.updates, "give a positive number of updates")
        check(self.generations > 1, "training.generations", self.generations, "GRPO compares at least two completions")
        check(self.option_generations > 1, "training.option_generations", self.option_generations, "give at least two")
        for knob in ("prompts_per_update", "micro_batch", "checkpoint_every", "patience_zero_variance"):
            check(getattr(self, knob) > 0, f"training.{knob}", getattr(self, knob), "give a positive number")
        check(self.warmup >= 0, "training.warmup", self.warmup, "give a share below 1, or a number of updates")
        one_of("training.schedule", self.schedule, ("constant", "linear", "cosine"))
        one_of("training.loss_type", self.loss_type, ("grpo", "dr_grpo", "dapo"))
        one_of("training.scale_rewards", self.scale_rewards, ("group", "batch", "none"))
        one_of("training.dtype", self.dtype, ("auto", "float32", "bfloat16"))

    @property
    def bfloat16(self) -> bool:
        """Whether the arithmetic is bfloat16 here."""
        return self.dtype == "bfloat16" or (self.dtype == "auto" and has_bfloat16())

    @property
    def parts(self) -> dict[str, Any]:
        """The knobs, with ``dtype`` as it came out."""
        return {**super().parts, "dtype": "bfloat16" if self.bfloat16 else "float32"}

    @property
    def warmup_updates(self) -> int:
        """Updates over which the learning rate rises from zero."""
        return math.ceil(self.warmup * self.updates) if self.warmup < 1 else round(self.warmup)

    @property
    def scheduler(self) -> str:
        """Name of the schedule in transformers."""
        return "constant_with_warmup" if self.schedule == "constant" else self.schedule
