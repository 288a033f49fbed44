"""Direct preference optimisation (Rafailov et al. 2023), through TRL."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from alignbench.backend.render import Renderer
from alignbench.training import loop
from alignbench.training.recipe import Training
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, reply_ids
from alignbench.types import Chat, check


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


def train_dpo(job: Job, rows: Sequence[PreferenceRow], beta: float) -> dict[str, Any]:
    """Prefer the chosen replies, in updates of ``prompts_per_update`` pairs; the facts of the training.

    The loss is -log sigmoid(beta [log-ratio of chosen - log-ratio of rejected]), each ratio against the weights at
    the start of this training.

    Raises:
        AlignbenchError: a prompt or reply is too long, or what :func:`~alignbench.training.loop.train` refuses.
    """
    from trl import DPOConfig, DPOTrainer

    class Trainer(DPOTrainer):  # type: ignore[misc]
        """Takes token ids as they are: TRL would render and tokenise in its own way."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

    examples = [_example(job.renderer, row, job.training) for row in rows]
    # The prompt stands before both replies, which go through one forward.
    tokens = [len(example["prompt_ids"]) + sum(map(len, example.values())) for example in examples]
    config = partial(DPOConfig, beta=beta, max_length=max(tokens, default=0), train_sampling_strategy="sequential")
    return loop.train("DPO", job, examples, tokens, config, Trainer)


def _example(renderer: Renderer, row: PreferenceRow, training: Training) -> dict[str, list[int]]:
    """Token ids of prompt and both replies, each with its end of turn."""
    (prompt, chosen), (_, rejected) = (reply_ids(renderer, reply, training) for reply in row.replies)
    return {"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}
