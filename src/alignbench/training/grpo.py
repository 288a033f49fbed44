"""GRPO on generated text, through TRL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alignbench.device import has_cuda
from alignbench.training import loop
from alignbench.training.rows import check_length
from alignbench.training.selection import Job
from alignbench.types import Chat, check


@dataclass(frozen=True)
class PromptRow:
    """A prompt to practise on; ``meta`` is handed to the reward as it is."""

    chat: Chat
    meta: Any = field(default=None)


@dataclass(frozen=True)
class Paid:
    """One reward per completion, and for how many of them the judge gave none that could be read."""

    rewards: list[float]
    unread: int = 0


# (completions, the meta of each one's prompt) -> their rewards.
Reward = Callable[[list[str], list[Any]], Paid]


def train_grpo(
    job: Job, prompts: Sequence[PromptRow], reward: Reward, start_adapter: Path | None = None
) -> dict[str, Any]:
    """Practise on ``prompts``, ``generations`` completions each; the facts of the training.

    Generation and update use the same weights, so clipping is idle. With ``kl_beta`` the reference is
    the policy at the start of this training: base model, or ``start_adapter``.

    Args:
        start_adapter: folder of an earlier training (same kind of weights) to go on from.

    Raises:
        AlignbenchError: a prompt is too long, vLLM is not there, or what :func:`~alignbench.training.loop.train`
            refuses.
    """
    training, ready = job.training, has_cuda() and find_spec("vllm") is not None
    check(ready or not training.vllm, "training.vllm", True, "it needs CUDA and the vllm package: say false")
    from trl import GRPOConfig, GRPOTrainer

    renderer = job.renderer
    examples, tokens = [], []
    # Text of a prompt -> its tokens.
    read: dict[str, list[int]] = {}
    for i, row in enumerate(prompts):
        prompt = renderer.prompt(row.chat)
        check_length(len(prompt.ids), training)
        examples.append({"prompt": prompt.text, "row": i})
        tokens.append(len(prompt.ids))
        read[prompt.text] = list(prompt.ids)

    def paid(
        completion_ids: list[list[int]], row: list[int], log_metric: Callable[[str, float], None], **_: Any
    ) -> list[float]:
        found = reward([renderer.decode(ids) for ids in completion_ids], [prompts[i].meta for i in row])
        log_metric("unread_share", found.unread / len(row))
        return found.rewards

    def trainer(**given: Any) -> Any:
        """TRL would tokenise prompts as if they were no rendered chats: a second BOS, another first blank."""
        made = GRPOTrainer(reward_funcs=paid, **given)
        assert hasattr(made, "_tokenize_prompts")
        made._tokenize_prompts = lambda prompts: ([read[prompt] for prompt in prompts], None, {})
        return made

    config = partial(
        GRPOConfig,
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
        shuffle_dataset=False,
        use_vllm=training.vllm,
        vllm_mode="colocate",
        vllm_max_model_length=training.max_prompt_tokens + training.max_new_tokens,
    )
    return loop.train("GRPO", job, examples, tokens, config, trainer, training.generations, start_adapter)
