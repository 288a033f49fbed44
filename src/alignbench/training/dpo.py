"""Direct preference optimisation (Rafailov et al. 2023), through TRL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from alignbench.backend.render import Renderer
from alignbench.training import loop
from alignbench.training.recipe import Training
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, reply_ids
from alignbench.types import Chat, check

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PreferenceRow:
    """A chat up to the user's last word, and two replies to it.

    Attributes:
        thoughts: what a model that thinks by itself thinks before either; None leaves that open.
    """

    chat: Chat
    chosen: str
    rejected: str
    thoughts: tuple[str, str] | None = None

    @property
    def replies(self) -> tuple[ConversationRow, ConversationRow]:
        """The chosen and the rejected one, each with its thought.

        Raises:
            AlignbenchError: they are the same.
        """
        before, after = self.thoughts or (None, None)
        pair = (
            ConversationRow(self.chat, self.chosen, thought=before),
            ConversationRow(self.chat, self.rejected, thought=after),
        )
        check(pair[0] != pair[1], "training rows", self.chosen, "the two replies of a pair must differ")
        return pair


# (network, token ids of the prompt of each pair of a micro-batch) -> a loss to add, the mean over these pairs.
Besides = Callable[[Any, list[tuple[int, ...]]], "Tensor"]


def train_dpo(job: Job, rows: Sequence[PreferenceRow], beta: float) -> dict[str, Any]:
    """Prefer the chosen replies, in updates of ``prompts_per_update`` pairs; the facts of the training.

    The loss is -log sigmoid(beta [log-ratio of chosen - log-ratio of rejected]), each ratio against the weights at
    the start of this training.

    Raises:
        AlignbenchError: a prompt or reply is too long, or what :func:`~alignbench.training.loop.train` refuses.
    """
    return train_on_pairs(job, [example(job.renderer, row, job.training) for row in rows], beta)


def train_on_pairs(
    job: Job, examples: Sequence[dict[str, list[int]]], beta: float, besides: Besides | None = None
) -> dict[str, Any]:
    """The same on token ids: of each pair ``prompt_ids``, and ``chosen_ids`` and ``rejected_ids``, which are compared.

    Args:
        besides: what is added to the loss.
    """
    from trl import DPOConfig, DPOTrainer

    class Trainer(DPOTrainer):  # type: ignore[misc]
        """Takes token ids as they are: TRL would render and tokenise in its own way."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            loss = super().compute_loss(model, inputs, *args, **kwargs)
            return loss if besides is None else loss + besides(self.model, _prompts(inputs))

    # The prompt stands before both replies, which go through one forward.
    tokens = [len(example["prompt_ids"]) + sum(map(len, example.values())) for example in examples]
    config = partial(DPOConfig, beta=beta, max_length=max(tokens, default=0), train_sampling_strategy="sequential")
    return loop.train("DPO", job, examples, tokens, config, Trainer)


def _prompts(inputs: Mapping[str, Any]) -> list[tuple[int, ...]]:
    """The prompts of a micro-batch as TRL collates it: pairs with their chosen replies first, padded on the right."""
    rows = inputs["input_ids"][: len(inputs["input_ids"]) // 2]
    lengths = inputs["completion_mask"].argmax(1)
    return [tuple(row[:length].tolist()) for row, length in zip(rows, lengths, strict=False)]


def example(renderer: Renderer, row: PreferenceRow, training: Training) -> dict[str, list[int]]:
    """Token ids of prompt and both replies, each with its end of turn."""
    (prompt, chosen), (_, rejected) = (reply_ids(renderer, reply, training) for reply in row.replies)
    return {"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}
