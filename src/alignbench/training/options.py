"""Training on one-token answers: one forward a prompt, no generation.

The default on CPUs. Rows are questions with labelled options; the loss (``distribution_sft`` or
``option_grpo``) sees the whole next-token distribution at the end of the prompt.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alignbench import ranks
from alignbench.backend.render import Renderer
from alignbench.progress import bar
from alignbench.store.manifest import write_json
from alignbench.training.checkpoint import Checkpoints
from alignbench.training.export import export, finished
from alignbench.training.losses import OptionLoss
from alignbench.training.option_run import OptionRun
from alignbench.training.policy import load_policy
from alignbench.training.recipe import Training
from alignbench.training.rows import OptionRow, encode
from alignbench.training.selection import Selection, Validate, best, stop_if_idle
from alignbench.types import ModelRef, check


def train_on_options(
    model: ModelRef,
    rows: Sequence[OptionRow],
    loss: OptionLoss,
    training: Training,
    seed: int,
    folder: Path,
    validate: Validate | None = None,
) -> dict[str, Any]:
    """Train on ``rows`` and leave an adapter folder (see :mod:`alignbench.training.export`).

    Goes on from the last checkpoint in ``folder`` with the same result as an unbroken run.

    Args:
        validate: rates the checkpoints where ``training.select`` is validation.

    Returns:
        The facts of the training.

    Raises:
        AlignbenchError: a label is no single token; a prompt is too long; no group had any variance
            for ``patience_zero_variance`` updates; the loss is not finite; nothing to select by.
    """
    if done := finished(folder):
        return done
    check(bool(rows), "training rows", 0, "there is nothing to train on")
    paid = sum(row.rewards is not None for row in rows)
    check(paid in (0, len(rows)), "training rewards", paid, f"give rewards to all {len(rows)} rows or to none")
    folder.mkdir(parents=True, exist_ok=True)
    training = training.for_rows(len(rows))
    renderer = Renderer.of(model)
    selection = Selection(renderer, training, validate)
    each = training.prompts_per_update
    check(each >= ranks.world(), "training.prompts_per_update", each, f"{ranks.world()} processes need one each")
    prompts = [encode(renderer, row.chat, row.options, training) for row in rows]
    network, tokenizer = load_policy(model, training, seed)
    run = OptionRun(network, rows, prompts, loss, training, seed)
    checkpoints = Checkpoints(folder)
    run.restore(checkpoints)
    with bar(training.updates, "train on options", "update") as progress:
        progress.update(len(run.history))
        while len(run.history) < training.updates:
            run.update()
            if len(run.history) % training.checkpoint_every == 0 or len(run.history) == training.updates:
                run.history[-1] |= selection.rate(network)
                if ranks.is_main():
                    checkpoints.save(len(run.history), run.state())
                    checkpoints.keep({len(run.history), best(run.history)})
                ranks.barrier()
            if ranks.is_main():
                write_json(folder / "history.json", run.history)
            stop_if_idle(run.history, training)
            progress.update(1)
    network.load_state_dict(checkpoints.load(best(run.history))["weights"], strict=False)
    return export(network, tokenizer, model, training, folder, run.history, run.usage)
