"""GRPO on generated text, through TRL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alignbench.backend import Usage
from alignbench.backend.device import has_cuda
from alignbench.backend.render import Renderer
from alignbench.training import loop
from alignbench.training.export import export, finished
from alignbench.training.order import order_of
from alignbench.training.policy import load_policy
from alignbench.training.recipe import Training
from alignbench.training.rows import check_length
from alignbench.training.selection import Selection, Validate
from alignbench.types import Chat, ModelRef, check


@dataclass(frozen=True)
class PromptRow:
    """A prompt to practise on; ``meta`` is handed to the reward as it is."""

    chat: Chat
    meta: Any = field(default=None)


# (completions, the meta of each one's prompt) -> one reward per completion.
Reward = Callable[[list[str], list[Any]], list[float]]


def train_grpo(
    model: ModelRef,
    prompts: Sequence[PromptRow],
    reward: Reward,
    training: Training,
    seed: int,
    folder: Path,
    start_adapter: Path | None = None,
    validate: Validate | None = None,
) -> dict[str, Any]:
    """Practise on ``prompts``, ``generations`` completions each, and leave an adapter folder.

    Generation and update use the same weights, so clipping is idle. With ``kl_beta`` the reference is
    the policy at the start of this training: base model, or ``start_adapter``.

    Args:
        start_adapter: folder of an earlier training (same kind of weights) to go on from.
        validate: rates the checkpoints where ``training.select`` is validation.

    Returns:
        The facts of the training.

    Raises:
        AlignbenchError: a prompt is too long, batch and micro-batch do not fit, vLLM is not there, no group
            had any variance for ``patience_zero_variance`` updates, or there is nothing to select by.
    """
    done = finished(folder)
    if done is not None:
        return done
    check(bool(prompts), "training prompts", 0, "there is nothing to train on")
    training = training.for_rows(len(prompts))
    renderer = Renderer.of(model)
    selection = Selection(renderer, training, validate)
    texts = _texts(renderer, prompts, training)
    config = _config(training, seed, folder)
    network, tokenizer = load_policy(model, training, seed, start_adapter)

    from datasets import Dataset
    from trl import GRPOTrainer

    def paid(completion_ids: list[list[int]], row: list[int], **_: Any) -> list[float]:
        return reward([renderer.decode(ids) for ids in completion_ids], [prompts[i].meta for i in row])

    order = order_of(training.updates, len(prompts), training.prompts_per_update, seed)
    trainer = GRPOTrainer(
        model=network, reward_funcs=paid, args=config, processing_class=tokenizer,
        train_dataset=Dataset.from_dict({"prompt": [texts[i] for i in order], "row": order}),
    )  # fmt: skip
    history = loop.run(trainer, selection, seed, folder, "GRPO")
    usage = _usage(history, [len(renderer.prompt(prompts[i].chat).ids) for i in order], training)
    weights = loop.sharded(trainer)
    return export(network, tokenizer, model, training, folder, history, usage, weights)


def _usage(history: Sequence[Mapping[str, Any]], lengths: Sequence[int], training: Training) -> Usage:
    """Tokens of the prompts, each read once per completion, and of the completions."""
    written = sum(row.get("completion_tokens", 0.0) for row in history)
    batch = training.prompts_per_update * training.generations
    return Usage(sum(lengths) * training.generations, round(written * batch))


def _texts(renderer: Renderer, prompts: Sequence[PromptRow], training: Training) -> list[str]:
    """Prompts as text that TRL, which tokenises them itself, turns into the very ids of the renderer.

    Raises:
        AlignbenchError: it would not, or a prompt is too long.
    """
    texts = []
    for row in prompts:
        prompt = renderer.prompt(row.chat)
        check_length(len(prompt.ids), training)
        bos = renderer.tokenizer.bos_token or ""
        # A tokenizer that adds BOS by itself gets the text without it.
        same = [t for t in (prompt.text, prompt.text.removeprefix(bos)) if _ids(renderer, t) == prompt.ids]
        check(bool(same), "model.tokenizer", renderer.name, "it adds special tokens of its own to every text")
        texts.append(same[0])
    return texts


def _ids(renderer: Renderer, text: str) -> tuple[int, ...]:
    return tuple(renderer.tokenizer(text=text).input_ids)


def _config(training: Training, seed: int, folder: Path) -> Any:
    ready = has_cuda() and find_spec("vllm") is not None
    check(ready or not training.vllm, "training.vllm", True, "it needs CUDA and the vllm package: say false")
    loop.quiet()
    from trl import GRPOConfig

    return GRPOConfig(
        **loop.arguments(training, seed, folder, training.prompts_per_update * training.generations),
        num_generations=training.generations,
        max_completion_length=training.max_new_tokens,
        temperature=training.temperature,
        top_p=training.top_p,
        top_k=training.top_k,
        beta=training.kl_beta,
        epsilon=training.clip_epsilon,
        loss_type=training.loss_type,
        scale_rewards=training.scale_rewards,
        # The published objective has the plain estimator of the KL term.
        use_bias_correction_kl=False,
        # The rows come in the order of use.
        shuffle_dataset=False,
        use_vllm=training.vllm,
        vllm_mode="colocate",
        vllm_max_model_length=training.max_prompt_tokens + training.max_new_tokens,
    )
