"""Training on one-token answers: one forward a prompt, no generation.

The default on CPUs. Rows are questions with labelled options; the loss (``distribution_sft`` or
``option_grpo``) sees the whole next-token distribution at the end of the prompt.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignbench import ranks
from alignbench.backend import Usage
from alignbench.errors import AlignbenchError
from alignbench.progress import bar
from alignbench.seeds import seed_of
from alignbench.store.manifest import write_json
from alignbench.training.checkpoints import CHECKPOINTS, close, newest
from alignbench.training.export import export, finished, keep
from alignbench.training.interrupt import postponed
from alignbench.training.losses import OptionBatch, OptionLoss, normalised_entropy
from alignbench.training.policy import load_policy, trainable
from alignbench.training.recipe import Weights
from alignbench.training.rows import EncodedQuestion, OptionRow, encode, last_logprobs
from alignbench.training.selection import Job, best, stop_if_idle
from alignbench.types import check

if TYPE_CHECKING:
    from torch import Tensor, dtype


class Checkpoints:
    """``<folder>/checkpoints/<update>/state.pt``: trainable weights, optimiser, schedule and history."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / CHECKPOINTS

    def save(self, update: int, state: dict[str, Any]) -> None:
        """Write the state after ``update``; a kill in between leaves the earlier ones as they were."""
        import torch

        file = self._file(update)
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, file)
        close(file.parent)

    def last(self) -> int:
        """The update of the newest checkpoint that may be used, 0 if there is none."""
        return newest(self._found())

    def load(self, update: int) -> dict[str, Any]:
        """The state saved after ``update``, on the CPU."""
        import torch

        state: dict[str, Any] = torch.load(self._file(update), map_location="cpu", weights_only=True)
        return state

    def keep(self, updates: set[int]) -> None:
        """Remove the checkpoints of all other updates."""
        for update, folder in self._found().items():
            if update not in updates:
                shutil.rmtree(folder)

    def _found(self) -> dict[int, Path]:
        return {int(path.name): path for path in self.folder.iterdir()} if self.folder.is_dir() else {}

    def _file(self, update: int) -> Path:
        return self.folder / f"{update:06d}" / "state.pt"


class Learner:
    """What a training of one-token answers trains: here LoRA or full weights, as the knobs of the training say.

    Attributes:
        weight_decay: AdamW's.
    """

    weight_decay = 0.0

    def load(self, job: Job) -> tuple[Any, Any]:
        """Model in training mode and its tokenizer."""
        return load_policy(job.model, job.training, job.seed)

    def turn_to(self, rows: Sequence[OptionRow]) -> None:
        """Called before the forward of these rows, one after the other in the batch."""

    def penalty(self) -> Tensor | float:
        """What the rows of the last forward add to the mean loss."""
        return 0.0

    def keep(self, network: Any, tokenizer: Any, job: Job, update: int) -> None:
        """As :func:`alignbench.training.export.keep`."""
        keep(network, tokenizer, job, update)

    def export(
        self, network: Any, tokenizer: Any, job: Job, history: Sequence[dict[str, Any]], usage: Usage
    ) -> dict[str, Any]:
        """As :func:`alignbench.training.export.export`."""
        return export(network, tokenizer, job, history, usage)


class OptionRun:
    """A training under way. ``history`` has one entry per finished update."""

    def __init__(
        self,
        network: Any,
        rows: Sequence[OptionRow],
        prompts: Sequence[EncodedQuestion],
        loss: OptionLoss,
        job: Job,
        learner: Learner,
        reference: bool,
    ) -> None:
        import torch
        from transformers import get_scheduler

        self.network, self.rows, self.prompts, self.loss, self.learner = network, rows, prompts, loss, learner
        self.training, self.seed = job.training, job.seed
        training = job.training
        self.bfloat16 = training.bfloat16
        self.compared = reference or training.kl_beta > 0
        self.frozen = deepcopy(network).eval() if self.compared and training.weights is Weights.full else None
        if training.gradient_checkpointing:
            network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.weights = trainable(network)
        decay = learner.weight_decay
        self.optimizer = torch.optim.AdamW(self.weights.values(), lr=training.learning_rate, weight_decay=decay)
        schedule, ends = training.scheduler
        self.schedule = get_scheduler(
            schedule, self.optimizer, training.warmup_updates, training.updates, scheduler_specific_kwargs=ends
        )
        self.history: list[dict[str, Any]] = []

    @property
    def usage(self) -> Usage:
        """Tokens that all updates read; answers are drawn from one softmax, so none is generated."""
        order = self.training.order_of(len(self.rows), self.seed)
        return Usage(sum(len(self.prompts[i].ids) for i in order))

    def update(self) -> None:
        """One optimiser step on ``prompts_per_update`` rows, gradients accumulated over micro-batches."""
        import torch

        number = len(self.history)
        torch.manual_seed(seed_of(self.seed, "update", number))  # dropout, the only other user of randomness
        chosen = self.training.rows_of(number, len(self.rows), self.seed)
        # Similar lengths together: less padding. Draws are seeded per place, so the grouping changes nothing.
        places = ranks.share(sorted(range(len(chosen)), key=lambda place: len(self.prompts[chosen[place]].ids)))
        figures: dict[str, float] = {}
        for start in range(0, len(places), self.training.micro_batch):
            part = places[start : start + self.training.micro_batch]
            seeds = [seed_of(self.seed, number, place) for place in part]
            for name, values in self._backward([chosen[place] for place in part], seeds, len(chosen)).items():
                figures[name] = figures.get(name, 0.0) + float(values.sum()) / len(chosen)
        figures = self._together(figures)
        rate = self.schedule.get_last_lr()[0]
        norm = torch.nn.utils.clip_grad_norm_(self.weights.values(), self.training.max_grad_norm)
        if not math.isfinite(float(norm)):
            raise AlignbenchError("training.learning_rate", rate, f"update {number + 1} is not finite: lower the rate")
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.history.append({"update": number + 1, "learning_rate": rate, **figures})

    def _backward(self, rows: Sequence[int], seeds: Sequence[int], total: int) -> dict[str, Tensor]:
        """Add the gradient of these rows' share of the loss; figures are per row."""
        import torch

        batch = self._batch(rows, seeds)
        outcome = self.loss(batch)
        own = outcome.loss + self.learner.penalty()
        (own.sum() / total).backward()  # type: ignore[no-untyped-call]
        options = batch.options.detach()
        figures = {"loss": own, "entropy": normalised_entropy(options), "option_mass": options.exp().sum(1)}
        return {name: torch.as_tensor(v).detach() for name, v in {**figures, **outcome.figures}.items()}

    def _together(self, figures: dict[str, float]) -> dict[str, float]:
        """Figures and gradients of all ranks: each has seen its share of the rows."""
        import torch

        if ranks.world() == 1:
            return figures
        for weight in self.weights.values():
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        sums = torch.tensor(list(figures.values()), device=self.network.device)
        ranks.add_up([sums, *(weight.grad for weight in self.weights.values())])
        return dict(zip(figures, sums.tolist(), strict=True))

    def _batch(self, rows: Sequence[int], seeds: Sequence[int]) -> OptionBatch:
        import torch

        prompts, shown = [self.prompts[i] for i in rows], [self.rows[i] for i in rows]
        width = max(len(p.labels) for p in prompts)
        self.learner.turn_to(shown)
        logp = last_logprobs(self.network, prompts, self.bfloat16)
        paid = [row.rewards for row in shown if row.rewards is not None]
        reference = None
        if self.compared:  # the untrained model: adapter off, or a frozen copy of full weights
            with torch.no_grad(), nullcontext() if self.frozen else self.network.disable_adapter():
                reference = last_logprobs(self.frozen or self.network, prompts, self.bfloat16)

        def tensor(values: Sequence[Sequence[float]], kind: dtype) -> Tensor:
            padded = [[*row, *[0] * (width - len(row))] for row in values]
            return torch.tensor(padded, dtype=kind, device=logp.device)

        return OptionBatch(
            logp=logp,
            labels=tensor([p.labels for p in prompts], torch.long),
            shown=tensor([[1] * len(p.labels) for p in prompts], torch.bool),
            target=tensor([row.target for row in shown], torch.float32),
            rewards=tensor(paid, torch.float32) if paid else None,
            reference=reference,
            generators=[torch.Generator().manual_seed(seed) for seed in seeds],
            training=self.training,
        )

    def state(self) -> dict[str, Any]:
        """All that :meth:`restore` needs to go on."""
        return {
            "weights": {name: p.detach().cpu() for name, p in self.weights.items()},
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
        }

    def restore(self, checkpoints: Checkpoints) -> None:
        """Go back to the last checkpoint, if there is one."""
        if last := checkpoints.last():
            state = checkpoints.load(last)
            self.network.load_state_dict(state["weights"], strict=False)
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.history = state["history"]


def train_on_options(
    job: Job, rows: Sequence[OptionRow], loss: OptionLoss, learner: Learner | None = None, reference: bool = False
) -> dict[str, Any]:
    """Train on ``rows`` and leave an adapter folder (see :mod:`alignbench.training.export`); the facts of the training.

    Goes on from the last checkpoint in the folder with the same result as an unbroken run.

    Args:
        learner: what is trained; None for the weights that the knobs of the training name.
        reference: whether the loss compares with the untrained model.

    Raises:
        AlignbenchError: a label is no single token; a prompt is too long; no group had any variance
            for ``patience_zero_variance`` updates; the loss is not finite.
    """
    if done := finished(job.folder):
        return done
    job = job.of_rows(len(rows))
    paid = sum(row.rewards is not None for row in rows)
    check(paid in (0, len(rows)), "training rewards", paid, f"give rewards to all {len(rows)} rows or to none")
    job.folder.mkdir(parents=True, exist_ok=True)
    training = job.training
    each = training.prompts_per_update
    check(each >= ranks.world(), "training.prompts_per_update", each, f"{ranks.world()} processes need one each")
    asked = {(row.chat, row.options): row for row in rows}
    encoded = {what: encode(job.renderer, row.chat, row.options, training) for what, row in asked.items()}
    prompts = [encoded[row.chat, row.options] for row in rows]
    learner = learner or Learner()
    network, tokenizer = learner.load(job)
    run = OptionRun(network, rows, prompts, loss, job, learner, reference)
    checkpoints = Checkpoints(job.folder)
    run.restore(checkpoints)
    with bar(training.updates, "train on options", "update") as progress, postponed() as ending:
        progress.update(len(run.history))
        while len(run.history) < training.updates:
            run.update()
            planned = training.is_checkpoint(len(run.history))
            if planned:
                run.history[-1] |= job.rate(network)
                learner.keep(network, tokenizer, job, len(run.history))
            if planned or ending.asked:
                if ranks.is_main():
                    checkpoints.save(len(run.history), run.state())
                    checkpoints.keep({len(run.history), best(run.history)})
                ranks.barrier()
                ending.obey()
            if ranks.is_main():
                write_json(job.folder / "history.json", run.history)
            stop_if_idle(run.history, training)
            progress.update(1)
    network.load_state_dict(checkpoints.load(best(run.history))["weights"], strict=False)
    return learner.export(network, tokenizer, job, run.history, run.usage)
