"""The skeleton of every training on top of TRL: arguments, order, resume, history, one bar, the early stop, export."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alignbench import ranks
from alignbench.backend import Usage
from alignbench.device import has_cuda
from alignbench.progress import bar
from alignbench.seeds import seed_of
from alignbench.store.manifest import write_json
from alignbench.training.checkpoints import CHECKPOINTS, close, newest
from alignbench.training.export import export, finished, keep
from alignbench.training.interrupt import Ending, postponed
from alignbench.training.policy import load_policy
from alignbench.training.recipe import Weights
from alignbench.training.selection import Job, best, stop_if_idle
from alignbench.types import check

# Our name of a figure -> TRL's. Entropy and KL are not among them: TRL takes plain means over micro-batches, so that
# a memory knob would change them.
_FIGURES = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "reward": "reward",
    "reward_std": "reward_std",
    "zero_variance_share": "frac_reward_zero_std",
    "unread_share": "unread_share",
    "preferred_share": "rewards/accuracies",
    "preference_margin": "rewards/margins",
    "completion_tokens": "completions/mean_length",
    "cut_off_share": "completions/clipped_ratio",
    "validation": "validation",
}


def train(
    label: str,
    job: Job,
    examples: Sequence[Mapping[str, Any]],
    tokens: Sequence[int],
    config: Callable[..., Any],
    trainer: Callable[..., Any],
    generations: int = 1,
    start: Path | None = None,
) -> dict[str, Any]:
    """Train on ``examples`` in updates of ``prompts_per_update`` of them, and leave an adapter folder.

    Args:
        label: of the bar.
        examples: rows as the trainer takes them; it gets them in the order of their use.
        tokens: of each example; what is generated is not among them.
        config: TRL's configuration, but for :func:`arguments`.
        trainer: TRL's trainer.
        generations: sequences of each example in an update.
        start: folder of an earlier training of the same kind to go on from.

    Returns:
        The facts of the training.

    Raises:
        AlignbenchError: there are no examples, batch and micro-batch do not fit, no group had any variance for
            ``patience_zero_variance`` updates, or there is nothing to select by.
    """
    if done := finished(job.folder):
        return done
    job = job.of_rows(len(examples))
    training = job.training
    import datasets
    from huggingface_hub import constants

    # No bars but ours, and no usage statistics sent by TRL.
    datasets.disable_progress_bars()
    constants.HF_HUB_DISABLE_TELEMETRY = True
    batch = training.prompts_per_update * generations
    args = config(**arguments(job, batch, max(tokens) if generations == 1 else 0))
    network, tokenizer = load_policy(job.model, training, job.seed, start)
    order = training.order_of(len(examples), job.seed)
    used = datasets.Dataset.from_list([examples[i] for i in order])
    own = trainer(model=network, args=args, processing_class=tokenizer, train_dataset=used)
    # TRL's page about each checkpoint, a tenth of a short training.
    own.create_model_card = lambda **_: None
    history = _run(own, job, label)
    written = batch * sum(row.get("completion_tokens", 0.0) for row in history)
    usage = Usage(generations * sum(tokens[i] for i in order), round(written))
    return export(network, tokenizer, job, history, usage, _gathered(own))


def _gathered(trainer: Any) -> Any:
    """All weights where every rank holds a shard (FSDP): rank 0 gets them, and every rank must ask; else None."""
    return trainer.accelerator.get_state_dict(trainer.model_wrapped) if trainer.is_fsdp_enabled else None


def arguments(job: Job, batch: int, longest: int = 0) -> dict[str, Any]:
    """Arguments of any TRL trainer whose updates take ``batch`` sequences.

    Args:
        longest: tokens of the longest sequence, where that is known beforehand.

    Raises:
        AlignbenchError: the batch cannot be cut into equal micro-batches.
    """
    training, world = job.training, ranks.world()
    remedy = f"an update has {batch} sequences (prompts x completions)"
    check(batch % world == 0, "number of processes", world, f"{remedy}: choose a divisor of {batch}")
    own = batch // world
    micro = min(training.micro_batch, own)
    each = f", {own} on each of {world} processes" if world > 1 else ""
    check(own % micro == 0, "training.micro_batch", training.micro_batch, f"{remedy}{each}: choose a divisor of {own}")
    if training.micro_tokens:
        fitting = [n for n in range(2, micro + 1) if own % n == 0 and n * longest <= training.micro_tokens]
        micro = max(fitting, default=1)
    schedule, ends = training.scheduler
    return {
        "output_dir": str(job.folder / CHECKPOINTS),
        "seed": seed_of(job.seed, "trl"),
        "max_steps": training.updates,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": own // micro,
        "learning_rate": training.learning_rate,
        "lr_scheduler_type": schedule,
        "lr_scheduler_kwargs": ends,
        "warmup_steps": training.warmup_updates,
        "max_grad_norm": training.max_grad_norm,
        "bf16": training.bfloat16,
        # Losses are the methods' own: of a mixture of experts TRL would add that of its router.
        "router_aux_loss_coef": 0.0,
        "use_cpu": not has_cuda(),
        "gradient_checkpointing": training.gradient_checkpointing,
        "logging_steps": 1,
        "save_steps": training.checkpoint_every,
        # Two, because the older one goes before the newer one is marked as whole; the best one stays.
        "save_total_limit": 2,
        "report_to": "none",
        "disable_tqdm": True,
        "log_level": "error",
        "dataloader_pin_memory": has_cuda(),
    }


def _run(trainer: Any, job: Job, label: str) -> list[dict[str, Any]]:
    """Train from the last whole checkpoint on; returns the history, one entry per update.

    The network ends with the weights that are to be exported.

    Randomness is seeded at each update, so that an update does not depend on where a kill came.

    Raises:
        AlignbenchError: no group had any variance for ``patience_zero_variance`` updates.
    """
    from transformers import PrinterCallback

    training = job.training
    trainer.remove_callback(PrinterCallback)
    checkpoint = last_checkpoint(job.folder)
    if checkpoint and training.weights is Weights.lora:
        trainer.add_callback(_restore_adapter(checkpoint))
    with bar(training.updates, label, "update") as progress, _labelled_positions(), postponed() as ending:
        trainer.add_callback(_watch(trainer, job, progress, ending))
        trainer.train(resume_from_checkpoint=checkpoint)
    history = history_of(trainer.state.log_history)
    if best(history) != training.updates:
        trainer.state.best_model_checkpoint = str(_checkpoint(job.folder, best(history)))
        # Knows adapters, full weights and shards; public only as a switch that wants transformers' own evaluation.
        trainer._load_best_model()
    return history


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that may be used."""
    found = {int(p.name.rpartition("-")[2]): p for p in (folder / CHECKPOINTS).glob("checkpoint-*")}
    last = newest(found)
    return str(found[last]) if last else None


def history_of(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """TRL's log in our names; its closing summary is left out."""
    return [
        {"update": entry["step"], **{ours: entry[trl] for ours, trl in _FIGURES.items() if trl in entry}}
        for entry in log
        if "loss" in entry
    ]


@contextmanager
def _labelled_positions() -> Iterator[None]:
    """Have TRL's head score the positions that have a label alone.

    Without Triton it scores all and masks the loss: on a CPU half of the time of learning replies to long chats. The
    switch is TRL's own, made for a device that wants equal shapes, and has no public name.
    """
    from trl.trainer import utils

    usual = utils._use_triton
    utils._use_triton = lambda _: True
    try:
        yield
    finally:
        utils._use_triton = usual


def _restore_adapter(checkpoint: str) -> Any:
    """transformers forgets the trained adapter where there is a second one (TRL's reference)."""
    from transformers import TrainerCallback

    class RestoreAdapter(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any, **kwargs: Any) -> None:
            model.load_adapter(checkpoint, "default", is_trainable=True)

    return RestoreAdapter()


def _checkpoint(folder: Path, update: int) -> Path:
    """Where transformers saves the state after ``update``."""
    return folder / CHECKPOINTS / f"checkpoint-{update}"


def _watch(trainer: Any, job: Job, progress: Any, ending: Ending) -> Any:
    from transformers import TrainerCallback, set_seed

    class Watch(TrainerCallback):  # type: ignore[misc]
        """Seeds each update, keeps the history, rates checkpoints and closes them, moves the bar, obeys signals."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            progress.update(state.global_step)

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            set_seed(seed_of(job.seed, "update", state.global_step))

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            progress.update(1)
            if ending.asked:
                control.should_save = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **kwargs: Any) -> None:
            if control.should_save and job.training.is_checkpoint(state.global_step):
                # Into the log that is about to be saved, so that a resumed training knows it.
                state.log_history[-1] |= job.rate(trainer.model)
            history = history_of(state.log_history)
            # The checkpoint that transformers must keep next to the newest.
            state.best_global_step = best(history)
            if ranks.is_main():
                write_json(job.folder / "history.json", history)
            stop_if_idle(history, job.training)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if job.training.keep_checkpoints and job.training.is_checkpoint(state.global_step):
                keep(trainer.model, trainer.processing_class, job, state.global_step, _gathered(trainer))
            ranks.barrier()
            if ranks.is_main():
                close(_checkpoint(job.folder, state.global_step))
            ending.obey()

    return Watch()
