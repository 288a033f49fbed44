"""What a training needs at its peak, by the shape of the model: the formula that plans use where no past run tells.

All of it is counted in bytes: P weights, T of them trained, e bytes a number (2 in bfloat16, else 4), for a layer of
width h with queries, keys and values of widths q and k, and a feed-forward part of width i.

* held all the time: the weights (4 P where they are trained; a frozen base under LoRA 2 P in bfloat16 on CUDA, there
  about P / 2 in four bits, else 4 P), of what is trained 4 T for the gradients and 8 T for AdamW, 4 T more for LoRA's
  own matrices, and 4 P for the reference model where full weights are held near one;
* in an update: what a backward pass needs of each token and layer, which is 4 (8 h + 2 k + 4 i) in float32 and
  30 h + 4 k + 8 i in bfloat16 (counted in transformers' Qwen2 layers), and 2 P for weights that are cast to bfloat16;
  with checkpoints h alone of each layer, and the rest of one layer;
* for the head: the logits of 4096 positions, by 4096 words at a time; where one token is the answer, three tables of
  a row of logits a prompt; and 4 V h for the gradient of a head that is trained;
* while text is drawn: keys and values, 4 k e a token and layer, of all sequences of an update at once.

An update and the drawing of text never happen at once: the larger of the two counts. Processes that share an update
(``accelerate launch``) each hold all of it but the sequences.
"""

from __future__ import annotations

from alignbench.backend.shape import ModelShape
from alignbench.training.recipe import Quantise, TrainerKind, Training, Weights

# Positions and words that TRL's head computes at once.
_TILE = 4096
# The interpreter with torch and TRL on a CPU, as measured on Linux; the context of a CUDA device, a guess of ours.
_PROCESS = {False: 0.85 * 2**30, True: 0.6 * 2**30}
# A weight in four bits with its doubly quantised scales (block size 64; Dettmers et al. 2023).
_NF4 = 0.516


def peak(shape: ModelShape, training: Training, kind: TrainerKind, cuda: bool) -> float:
    """Bytes at the peak of one process that trains a model of this shape.

    Sequences are taken to be as long as the knobs allow.

    Args:
        cuda: on a CUDA device, or on a CPU.
    """
    full = training.weights is Weights.full
    half = training.dtype == "bfloat16" or (training.dtype == "auto" and cuda)
    trained = shape.parameters if full else _adapter(shape, training)
    held = _base(shape, training, cuda and half) + trained * (12 if full else 16)
    near = training.kl_beta > 0 and kind in (TrainerKind.grpo, TrainerKind.options_grpo)
    reference = near or kind in (TrainerKind.dpo, TrainerKind.options_dpo)
    held += 4 * shape.parameters if full and reference else 0
    return _PROCESS[cuda] + held + max(_update(shape, training, kind, half), _drawing(shape, training, kind, half))


_OPTIONS = (TrainerKind.options_sft, TrainerKind.options_grpo, TrainerKind.options_dpo)


def _adapter(shape: ModelShape, training: Training) -> int:
    """Weights that are trained under LoRA: its matrices, and modules in full."""
    wanted = _targets(shape, training)
    matrices = training.lora_r * shape.layers * sum(sum(shape.matrices[name]) for name in wanted)
    return matrices + shape.table * len(training.full_modules)


def _targets(shape: ModelShape, training: Training) -> list[str]:
    """The modules of a layer that LoRA adapts; all where the names are of another architecture."""
    named = [name for name in shape.matrices if name in training.lora_targets]
    return named or list(shape.matrices)


def _base(shape: ModelShape, training: Training, half: bool) -> float:
    """Bytes of the weights themselves."""
    if training.weights is Weights.full or not half:
        return 4.0 * shape.parameters
    if training.quantise is Quantise.none:
        return 2.0 * shape.parameters
    return _NF4 * shape.linear + 2.0 * (shape.parameters - shape.linear)


def _update(shape: ModelShape, training: Training, kind: TrainerKind, half: bool) -> float:
    """Bytes that an update needs besides what is held."""
    full, rows = training.weights is Weights.full, training.micro_batch
    sequences = {TrainerKind.grpo: training.prompts_per_update * training.generations}
    rows = min(rows, sequences.get(kind, training.prompts_per_update))
    replies = {TrainerKind.grpo: training.max_new_tokens, TrainerKind.sft: 0}
    # A pair of replies each goes with its prompt through one forward.
    tokens = rows * (training.max_prompt_tokens + replies.get(kind, 0)) * (2 if kind is TrainerKind.dpo else 1)
    if training.micro_tokens and kind in (TrainerKind.sft, TrainerKind.dpo):
        tokens = min(tokens, max(training.micro_tokens, tokens // rows))
    each = kept(shape, training, half)
    through = each + (shape.layers - 1) * shape.hidden * 4 if training.gradient_checkpointing else each * shape.layers
    needed = float(tokens * through)
    needed += 2 * shape.parameters if full and half else 0
    if kind in _OPTIONS:
        needed += 3 * 4 * rows * shape.vocabulary
    else:
        needed += 4 * min(tokens, _TILE) * min(shape.vocabulary, _TILE)
    return needed + (4 * shape.table if full else 0)


def kept(shape: ModelShape, training: Training, half: bool) -> int:
    """Bytes that a forward keeps of a token and layer for the backward pass; casts of weights are not among them."""
    full, keys = training.weights is Weights.full, 2 * shape.key_heads * shape.head_size
    if half:
        found = 30 * shape.hidden + 2 * keys + 8 * shape.inner
    else:
        # A frozen norm keeps less.
        found = 4 * ((8 if full else 6) * shape.hidden + keys + 4 * shape.inner)
    if full:
        return found
    targets = _targets(shape, training)
    # Each adapted module keeps its own copy of what it reads, and which numbers were dropped.
    dropped = 5 * sum(shape.matrices[name][0] for name in targets) if training.lora_dropout else 0
    return found + (2 if half else 4) * training.lora_r * len(targets) + dropped


def _drawing(shape: ModelShape, training: Training, kind: TrainerKind, half: bool) -> float:
    """Bytes of keys and values where completions are drawn."""
    if kind is not TrainerKind.grpo:
        return 0.0
    tokens = training.prompts_per_update * training.generations * (training.max_prompt_tokens + training.max_new_tokens)
    return tokens * shape.layers * 2 * shape.key_heads * shape.head_size * (2.0 if half else 4.0)
