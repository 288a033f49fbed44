"""Direct preference optimisation (Rafailov et al. 2023), through TRL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.backend import Usage
from alignbench.backend.render import Renderer
from alignbench.training import loop
from alignbench.training.export import export, finished
from alignbench.training.order import order_of
from alignbench.training.policy import load_policy
from alignbench.training.recipe import Training
from alignbench.training.selection import Selection, Validate
from alignbench.training.sft import ConversationRow, reply_ids
from alignbench.types import Chat, ModelRef, check


@dataclass(frozen=True)
class PreferenceRow:
    """A chat up to the user's last word, and two replies to it."""

    chat: Chat
    chosen: str
    rejected: str


def train_dpo(
    model: ModelRef,
    rows: Sequence[PreferenceRow],
    training: Training,
    beta: float,
    seed: int,
    folder: Path,
    validate: Validate | None = None,
) -> dict[str, Any]:
    """Prefer the chosen replies, in updates of ``prompts_per_update`` pairs; leave an adapter folder.

    The loss is -log sigmoid(beta [log-ratio of chosen - log-ratio of rejected]), each ratio against the weights at
    the start of this training.

    Args:
        validate: rates the checkpoints where ``training.select`` is validation.

    Returns:
        The facts of the training.

    Raises:
        AlignbenchError: a prompt or reply is too long, batch and micro-batch do not fit, or there is nothing to
            select by.
    """
    done = finished(folder)
    if done is not None:
        return done
    check(bool(rows), "training rows", 0, "there is nothing to train on")
    training = training.for_rows(len(rows))
    renderer = Renderer.of(model)
    selection = Selection(renderer, training, validate)
    examples = [_example(renderer, row, training) for row in rows]
    loop.quiet()
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    class Trainer(DPOTrainer):  # type: ignore[misc]
        """Takes token ids as they are: TRL would render and tokenise in its own way."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

    # Both replies go through one forward.
    longest = max(map(_read, examples))
    config = DPOConfig(
        **loop.arguments(training, seed, folder, training.prompts_per_update, longest),
        beta=beta,
        max_length=longest,
        # The rows come in the order of use.
        train_sampling_strategy="sequential",
    )
    network, tokenizer = load_policy(model, training, seed, None)
    order = order_of(training.updates, len(rows), training.prompts_per_update, seed)
    dataset = Dataset.from_list([examples[i] for i in order])
    trainer = Trainer(model=network, args=config, processing_class=tokenizer, train_dataset=dataset)
    history = loop.run(trainer, selection, seed, folder, "DPO")
    usage = Usage(sum(_read(examples[i]) for i in order))
    weights = loop.sharded(trainer)
    return export(network, tokenizer, model, training, folder, history, usage, weights)


def _read(example: Mapping[str, list[int]]) -> int:
    """Tokens of a pair: the prompt stands before both replies."""
    return len(example["prompt_ids"]) + sum(map(len, example.values()))


def _example(renderer: Renderer, row: PreferenceRow, training: Training) -> dict[str, list[int]]:
    """Token ids of prompt and both replies, each with its end of turn."""
    check(row.chosen != row.rejected, "training rows", row.chosen, "the two replies of a pair must differ")
    prompt, chosen = reply_ids(renderer, ConversationRow(row.chat, row.chosen), training)
    _, rejected = reply_ids(renderer, ConversationRow(row.chat, row.rejected), training)
    return {"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}
