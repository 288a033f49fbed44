"""How weights are trained: one record of knobs for every trainer."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import Enum
from typing import Annotated, Any

import numpy as np

from alignbench.component import Component, Count, Maybe, NotNegative, OneOf, Positive, PositiveShare, Within, recorded
from alignbench.device import has_nf4, quick_bfloat16
from alignbench.identity import spelt_out
from alignbench.types import check


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
    options_dpo = "options_dpo"
    sft = "sft"
    dpo = "dpo"
    grpo = "grpo"


# G: how many answers to a prompt are compared.
Group = Annotated[int, Within(least=2, remedy="GRPO compares at least two answers to a prompt")]


@dataclass(frozen=True)
class Training(Component):
    """Knobs of all trainers. Learning rate in AdamW units; lengths in tokens."""

    _group = "training"

    weights: Weights = Weights.lora
    lora_r: Count = 16
    lora_alpha: Positive = 32
    # DPO on texts does without: policy and reference are compared alike (TRL's rule).
    lora_dropout: Annotated[float, Within(least=0, below=1)] = 0.0
    # PEFT target: "all-linear" or module names.
    lora_targets: tuple[str, ...] = ("all-linear",)
    # Modules trained in full besides LoRA (PEFT modules_to_save), lm_head and the like; served by backend=hf alone.
    # A head tied to the embeddings comes apart from them.
    full_modules: tuple[str, ...] = ()
    # QLoRA (nf4, doubly quantised, bfloat16 arithmetic): none | nf4 | auto, which is nf4 on CUDA with bitsandbytes and
    # none elsewhere. What auto came to is said, recorded and part of the identity.
    quantise: Quantise = Quantise.none
    learning_rate: Positive = 5e-4
    # cosine_to_tenth ends at a tenth of the rate, where linear and cosine end at zero.
    schedule: Annotated[str, OneOf("constant", "linear", "cosine", "cosine_to_tenth")] = "linear"
    # Below 1 a share of the updates, else a number of updates.
    warmup: NotNegative = 0.0
    max_grad_norm: Positive = 1.0
    # Optimiser updates of the main phase.
    updates: Count = 56
    # At most so many passes over the rows, if that is less; 0 is no such bound.
    epochs: Maybe = 0
    prompts_per_update: Count = 8
    # Completions a prompt (G) where text is generated.
    generations: Group = 8
    # Answers a prompt (G) where the answer is one token: drawn from one softmax, so nearly free.
    option_generations: Group = 64
    # KL weight to the reference model.
    kl_beta: NotNegative = 0.0
    # Generation and update use the same weights: the ratio that it would clip is 1, so it changes nothing.
    clip_epsilon: Positive = recorded(0.2)
    # TRL loss_type of GRPO, among those that do not depend on the micro-batch: grpo | dr_grpo | dapo.
    loss_type: Annotated[str, OneOf("grpo", "dr_grpo", "dapo")] = "dr_grpo"
    # Divide advantages by the standard deviation of the rewards: group | batch | none (batch: generated text only).
    scale_rewards: Annotated[str, OneOf("group", "batch", "none")] = "group"
    # One-token answers: reward of a reply that is no option, least target probability in a
    # log reward, and the bound on advantages.
    invalid_reward: Annotated[float, Within()] = -5.0
    probability_floor: Annotated[float, Within(above=0, below=1)] = 0.01
    advantage_clip: Positive = 5.0
    # Sampling of generated text (TRL); one-token answers are drawn from the whole softmax.
    temperature: Positive = 0.9
    top_p: PositiveShare = 1.0
    top_k: Maybe = 50
    # Most tokens of a prompt, and of a reply that is learnt; more is refused, so it changes no result.
    max_prompt_tokens: Count = recorded(512)
    max_new_tokens: Count = 64
    # Generate through vLLM in the training process (CUDA); another engine, so other samples. Wants top_k=0 and top_p=1.
    vllm: bool = False
    # Sequences in one forward; memory only, gradients are accumulated (dropout, if any, draws other masks).
    micro_batch: Count = recorded(16)
    # Fewer of them where they would have more tokens together, padding included (SFT and DPO); 0 sets no bound.
    micro_tokens: Maybe = recorded(0)
    # Recompute activations in the backward pass: less memory, a third more time.
    gradient_checkpointing: bool = recorded(False)
    # Checkpoint (and validation) every so many updates, and after the last.
    checkpoint_every: Count = 14
    # Keep the weights of every checkpoint, and show their scores on validation items as a curve; nothing is chosen by
    # it. With full weights each is a whole model on the disk.
    keep_checkpoints: bool = False
    # last | validation: the checkpoint that scores best on the culture's validation items, the earlier of equals.
    select: Select = Select.last
    # Stop when every group of this many consecutive updates had zero variance; such a training leaves nothing.
    patience_zero_variance: Count = recorded(10)
    # Arithmetic: float32 | bfloat16 (weights that are trained stay in float32); "auto" is bfloat16 where that is
    # quicker: on CUDA, and on CPUs with AMX. What it came to is part of the identity.
    dtype: Annotated[str, OneOf("auto", "float32", "bfloat16")] = "auto"

    def _consistent(self) -> None:
        lora = self.weights is Weights.lora
        check(lora or not self.full_modules, "training.full_modules", self.full_modules, "weights=full trains them all")
        check(lora or self.quantise is Quantise.none, "training.quantise", self.quantise.name, "use weights=lora")
        uncut = self.top_k == 0 and self.top_p == 1
        remedy = "vLLM draws from what top_k and top_p leave while the update rates all tokens: say top_k=0 and top_p=1"
        check(uncut or not self.vllm, "training.vllm", True, remedy)
        remedy = "it needs CUDA and bitsandbytes, which are not both here: use auto or none"
        check(self.quantise is not Quantise.nf4 or has_nf4(), "training.quantise", "nf4", remedy)

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
        timed = self.select is Select.validation or self.keep_checkpoints
        read -= set() if timed else {"checkpoint_every"}
        read -= _LORA if self.weights is Weights.full else set()
        idle = {f.name: f.default for f in fields(self) if not f.metadata.get("recorded") and f.name not in read}
        return self.with_knobs(**idle)

    def for_rows(self, rows: int) -> Training:
        """The same training of ``rows`` rows: as many updates as ``updates`` and ``epochs`` allow."""
        passes = math.ceil(self.epochs * rows / self.prompts_per_update)
        return self.with_knobs(updates=min(self.updates, passes)) if self.epochs else self

    def rows_of(self, update: int, rows: int, seed: int) -> list[int]:
        """Positions of the rows of an update (counted from 0), a pure function of the seed.

        Epochs follow one another without a gap, each in another order, so a resumed run repeats an unbroken one.
        """
        each = self.prompts_per_update
        positions = range(update * each, (update + 1) * each)
        epochs = {p // rows for p in positions}
        orders = {epoch: np.random.default_rng([seed, epoch]).permutation(rows) for epoch in epochs}
        return [int(orders[p // rows][p % rows]) for p in positions]

    def order_of(self, rows: int, seed: int) -> list[int]:
        """Positions of the rows of all updates, one after the other."""
        return [row for update in range(self.updates) for row in self.rows_of(update, rows, seed)]

    def is_checkpoint(self, update: int) -> bool:
        """Whether a checkpoint is planned after ``update``, counted from 1; one that a signal brings is none."""
        return update % self.checkpoint_every == 0 or update == self.updates

    @property
    def warmup_updates(self) -> int:
        """Updates over which the learning rate rises from zero."""
        return math.ceil(self.warmup * self.updates) if self.warmup < 1 else round(self.warmup)

    @property
    def scheduler(self) -> tuple[str, dict[str, float]]:
        """Name of the schedule in transformers, and its arguments."""
        if self.schedule == "cosine_to_tenth":
            return "cosine_with_min_lr", {"min_lr_rate": 0.1}
        return "constant_with_warmup" if self.schedule == "constant" else self.schedule, {}


_LORA = {"lora_r", "lora_alpha", "lora_dropout", "lora_targets"}
# Not read by all.
_SPECIAL = {
    TrainerKind.options_sft: "lora_dropout",
    TrainerKind.options_grpo: "lora_dropout kl_beta scale_rewards option_generations "
    "invalid_reward probability_floor advantage_clip",
    TrainerKind.options_dpo: "lora_dropout",
    TrainerKind.sft: "lora_dropout",
    TrainerKind.dpo: "",
    TrainerKind.grpo: "lora_dropout kl_beta scale_rewards generations loss_type temperature "
    "top_p top_k max_new_tokens vllm",
}
_COMMON = {f.name for f in fields(Training) if not f.metadata.get("recorded")}.difference(
    *(names.split() for names in _SPECIAL.values())
)
# Trainer -> the knobs that it reads, those aside that change memory and time alone (``recorded``).
USED_BY = {kind: frozenset(_COMMON | set(names.split())) for kind, names in _SPECIAL.items()}
