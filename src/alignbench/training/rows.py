"""Rows of one-token training, and the tensors made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alignbench.backend import forward
from alignbench.backend.options import common
from alignbench.backend.render import Renderer
from alignbench.training.recipe import Training
from alignbench.types import Chat, check

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class OptionRow:
    """A question as it is shown, and what to make of its options.

    Attributes:
        options: labels in the order shown, each a single token after the prompt ("1", "2" ...).
        target: probability of each label, in the same order.
        rewards: reward of each label; None lets GRPO pay the log of the target.
        iso3: whose target it is, for a training that tells countries apart.
    """

    chat: Chat
    options: tuple[str, ...]
    target: tuple[float, ...]
    item: str
    rewards: tuple[float, ...] | None = None
    iso3: str = ""

    def __post_init__(self) -> None:
        check(len(self.options) > 1, f"options of {self.item}", self.options, "give at least two options")
        check(len(self.target) == len(self.options), f"target of {self.item}", self.target, "one share per option")
        check(abs(sum(self.target) - 1) < 1e-3, f"target of {self.item}", self.target, "shares must add up to 1")
        fits = self.rewards is None or len(self.rewards) == len(self.options)
        check(fits, f"rewards of {self.item}", self.rewards, "one reward per option")


@dataclass(frozen=True)
class EncodedQuestion:
    """A tokenised question: prompt ids and one token id per option."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]


def encode(renderer: Renderer, chat: Chat, options: Sequence[str], training: Training) -> EncodedQuestion:
    """Tokenise one question. A token that begins every label (a blank before digits) belongs to the prompt.

    Raises:
        AlignbenchError: a label is not a single token, or the prompt is longer than ``max_prompt_tokens``.
    """
    (prompt,), (labels,) = renderer.with_options([chat], [options])
    shared = min(common(labels[0], label) for label in labels)
    check_length(len(prompt.ids) + shared, training)
    own = tuple(label[shared:] for label in labels)
    for option, ids in zip(options, own, strict=True):
        remedy = f"it is {len(ids)} tokens for this tokenizer, not one that no other label begins with: use letters"
        check(len(ids) == 1, "option label", option, remedy)
    check(len(set(own)) == len(own), "option labels", tuple(options), "two labels are the same token")
    return EncodedQuestion(prompt.ids + labels[0][:shared], tuple(token for (token,) in own))


def check_length(tokens: int, training: Training) -> None:
    """Raise unless a prompt of so many tokens fits."""
    limit = training.max_prompt_tokens
    check(tokens <= limit, "training.max_prompt_tokens", limit, f"a prompt has {tokens} tokens: raise the limit")


def last_logprobs(network: Any, prompts: Sequence[EncodedQuestion], bfloat16: bool = False) -> Tensor:
    """Log-probabilities of the next token, (B, V) in float32; only the last position is projected.

    Prompts are padded on the left; positions count real tokens only.
    """
    import torch

    with torch.autocast(network.device.type, torch.bfloat16, enabled=bfloat16):
        return forward.logprobs(network, [prompt.ids for prompt in prompts], keep=1)[:, -1]
