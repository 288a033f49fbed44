"""How weights are trained: one record of knobs for every trainer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from alignbench.backend.device import has_nf4, quick_bfloat16
from alignbench.component import Component, recorded
from alignbench.identity import spelt_out
from alignbench.types import check, one_of


class Weights(Enum):
    """Which weights a trainer changes."""

    lora = "lora"
    full = "full"


class Quantise(Enum):
    """How a frozen base under LoRA is held: as it is, in four bits, or in four bits where that is possible."""

    none = "none"
    nf4 = "nf4"
    auto = "auto"


class Select(Enum):
    """Which checkpoint is exported: the last, or the one that scores best on the validation items."""

    last = "last"
    validation = "validation"


class TrainerKind(Enum):
    """A trainer and its loss."""

    options_sft = "options_sft"
    options_grpo = "options_grpo"
    sft = "sft"
    dpo = "dpo"
    grpo = "grpo"


@dataclass(frozen=True)
class Training(Component):
    """Knobs of all trainers. Learning rate in AdamW units; lengths in tokens.

    Raises:
        AlignbenchError: a knob makes no sense, named with its value and what to do.
    """

    weights: Weights = Weights.lora
    lora_r: int = 16
    lora_alpha: float = 32
    # DPO does without: policy and reference are compared alike (TRL's rule).
    lora_dropout: float = 0.0
    # PEFT target: "all-linear" or module names.
    lora_targets: tuple[str, ...] = ("all-linear",)
    # Modules trained in full beside LoRA (PEFT modules_to_save), lm_head and the like; served by backend=hf alone.
    # A head tied to the embeddings comes apart from them.
    full_modules: tuple[str, ...] = ()
    # QLoRA (nf4, doubly quantised, bfloat16 arithmetic): none | nf4 | auto, which is nf4 on CUDA with bitsandbytes and
    # none elsewhere. What auto came to is said, recorded and part of the identity.
    quantise: Quantise = Quantise.none
    learning_rate: float = 5e-4
    # constant | linear | cosine
    schedule: str = "linear"
    # Below 1 a share of the updates, else a number of updates.
    warmup: float = 0.0
    max_grad_norm: float = 1.0
    # Optimiser updates of the main phase.
    updates: int = 56
    # At most so many passes over the rows, if that is less; 0 is no such bound.
    epochs: int = 0
    prompts_per_update: int = 8
    # Completions a prompt (G) where text is generated.
    generations: int = 8
    # Answers a prompt (G) where the answer is one token: drawn from one softmax, so nearly free.
    option_generations: int = 64
    # KL weight to the reference model.
    kl_beta: float = 0.0
    # Generation and update use the same weights: the ratio that it would clip is 1, so it changes nothing.
    clip_epsilon: float = recorded(0.2)
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
    # Fewer of them where they would have more tokens together, padding included (SFT and DPO); 0 sets no bound.
    micro_tokens: int = recorded(0)
    # Recompute activations in the backward pass: less memory, a third more time.
    gradient_checkpointing: bool = recorded(False)
    # Checkpoint (and validation) every so many updates, and after the last.
    checkpoint_every: int = 14
    # last | validation: the checkpoint that scores best on the culture's validation items, the earlier of equals.
    select: Select = Select.last
    # Stop when every group of this many consecutive updates had zero variance.
    patience_zero_variance: int = 10
    # Arithmetic: float32 | bfloat16 (weights that are trained stay in float32); "auto" is bfloat16 where that is
    # quicker: on CUDA, and on CPUs with AMX. What it came to is part of the identity.
    dtype: str = "auto"

    def __post_init__(self) -> None:
        for knob, (fits, remedy) in _BOUNDS.items():
            value = getattr(self, knob)
            check(math.isfinite(value) and fits(value), f"training.{knob}", value, remedy)
        lora = self.weights is Weights.lora
        check(lora or not self.full_modules, "training.full_modules", self.full_modules, "weights=full trains them all")
        check(lora or self.quantise is Quantise.none, "training.quantise", self.quantise.name, "use weights=lora")
        remedy = "it needs CUDA and bitsandbytes, which are not both here: use auto or none"
        check(self.quantise is not Quantise.nf4 or has_nf4(), "training.quantise", "nf4", remedy)
        one_of("training.schedule", self.schedule, ("constant", "linear", "cosine"))
        one_of("training.loss_type", self.loss_type, ("grpo", "dr_grpo", "dapo"))
        one_of("training.scale_rewards", self.scale_rewards, ("group", "batch", "none"))
        one_of("training.dtype", self.dtype, ("auto", "float32", "bfloat16"))

    @property
    def bfloat16(self) -> bool:
        """Whether the arithmetic is bfloat16 here."""
        return self.dtype == "bfloat16" or (self.dtype == "auto" and quick_bfloat16())

    @property
    def nf4(self) -> bool:
        """Whether the base is held in four bits here."""
        return self.quantise is not Quantise.none and has_nf4()

    @property
    def identity(self) -> dict[str, Any]:
        """The knobs, with ``dtype`` and ``quantise`` as they came out."""
        dtype, quantise = "bfloat16" if self.bfloat16 else "float32", "nf4" if self.nf4 else "none"
        return {**spelt_out(self), "dtype": dtype, "quantise": quantise}

    def read_by(self, *kinds: TrainerKind) -> Training:
        """The same training with every knob that none of these trainers reads at its default: it is another's."""
        read = set().union(*(USED_BY[kind] for kind in kinds))
        read -= set() if self.select is Select.validation else {"checkpoint_every"}
        read -= _LORA if self.weights is Weights.full else set()
        idle = {f.name: f.default for f in fields(self) if not f.metadata.get("recorded") and f.name not in read}
        return self.with_knobs(**idle)

    def for_rows(self, rows: int) -> Training:
        """The same training of ``rows`` rows: as many updates as ``updates`` and ``epochs`` allow."""
        passes = math.ceil(self.epochs * rows / self.prompts_per_update)
        return self.with_knobs(updates=min(self.updates, passes)) if self.epochs else self

    @property
    def warmup_updates(self) -> int:
        """Updates over which the learning rate rises from zero."""
        return math.ceil(self.warmup * self.updates) if self.warmup < 1 else round(self.warmup)

    @property
    def scheduler(self) -> str:
        """Name of the schedule in transformers."""
        return "constant_with_warmup" if self.schedule == "constant" else self.schedule


def _knobs(names: str, fits: Callable[[float], bool], remedy: str) -> dict[str, tuple[Callable[[float], bool], str]]:
    return dict.fromkeys(names.split(), (fits, remedy))


# Numeric knob -> what fits, besides being finite, and what to do otherwise.
_BOUNDS = {
    **_knobs("lora_r updates prompts_per_update", lambda v: v >= 1, "give a positive whole number"),
    **_knobs("max_prompt_tokens max_new_tokens micro_batch", lambda v: v >= 1, "give a positive whole number"),
    **_knobs("checkpoint_every patience_zero_variance", lambda v: v >= 1, "give a positive whole number"),
    **_knobs("generations option_generations", lambda v: v >= 2, "GRPO compares at least two answers to a prompt"),
    **_knobs("lora_alpha learning_rate max_grad_norm", lambda v: v > 0, "give a positive number"),
    **_knobs("clip_epsilon advantage_clip temperature", lambda v: v > 0, "give a positive number"),
    **_knobs("lora_dropout", lambda v: 0 <= v < 1, "give a share from 0 to below 1"),
    **_knobs("probability_floor", lambda v: 0 < v < 1, "give a share between 0 and 1"),
    **_knobs("top_p", lambda v: 0 < v <= 1, "give a share above 0, or 1 for all tokens"),
    **_knobs("top_k", lambda v: v >= 0, "give a number of tokens, or 0 for all"),
    **_knobs("micro_tokens", lambda v: v >= 0, "give a number of tokens, or 0 for no bound"),
    **_knobs("epochs", lambda v: v >= 0, "give a number of passes, or 0 for no bound"),
    **_knobs("warmup", lambda v: v >= 0, "give a share below 1, or a number of updates"),
    **_knobs("kl_beta", lambda v: v >= 0, "give a weight, or 0 for no KL term"),
    **_knobs("invalid_reward", lambda v: True, "give a finite reward"),
}

_LORA = {"lora_r", "lora_alpha", "lora_dropout", "lora_targets"}
# Not read by all; max_new_tokens is no more than a limit in sft and dpo, as max_prompt_tokens is in all.
_SPECIAL = {
    TrainerKind.options_sft: "lora_dropout",
    TrainerKind.options_grpo: "lora_dropout kl_beta scale_rewards patience_zero_variance option_generations "
    "invalid_reward probability_floor advantage_clip",
    TrainerKind.sft: "lora_dropout max_new_tokens",
    TrainerKind.dpo: "max_new_tokens",
    TrainerKind.grpo: "lora_dropout kl_beta scale_rewards patience_zero_variance generations loss_type temperature "
    "top_p top_k max_new_tokens vllm",
}
_COMMON = {f.name for f in fields(Training) if not f.metadata.get("recorded")}.difference(
    *(names.split() for names in _SPECIAL.values())
)
# Trainer -> the knobs that it reads, those aside that change memory and time alone (``recorded``).
USED_BY = {kind: frozenset(_COMMON | set(names.split())) for kind, names in _SPECIAL.items()}
