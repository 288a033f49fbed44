"""What every trainer is given, which checkpoint it exports (``training.select``), and when it stops early."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from alignbench import ranks
from alignbench.backend.render import Renderer
from alignbench.training.recipe import Select, Training
from alignbench.training.rows import encode, last_logprobs
from alignbench.types import Chat, ModelRef, OptionScores, check

# Scores options as ``Engine.score`` does, with the weights as they stand.
Score = Callable[[Sequence[Chat], Sequence[Sequence[str]]], list[OptionScores]]
# Quality of the weights as they stand on held-out questions; higher is better.
Validate = Callable[[Score], float]


@dataclass(frozen=True)
class Job:
    """One training, whatever the trainer.

    Attributes:
        folder: gets the adapter, or the weights.
        validate: rates the checkpoints where ``training.select`` is validation.

    Raises:
        AlignbenchError: ``training.select`` is validation and there is no ``validate``.
    """

    model: ModelRef
    training: Training
    seed: int
    folder: Path
    validate: Validate | None = None

    def __post_init__(self) -> None:
        remedy = "this training was given nothing to validate on: use last"
        select = self.training.select
        check(self.validate is not None or select is Select.last, "training.select", select.name, remedy)

    @cached_property
    def renderer(self) -> Renderer:
        """Renders chats for the model."""
        return Renderer.of(self.model)

    def of_rows(self, rows: int) -> Job:
        """The same with as many updates as the training allows on so many rows.

        Raises:
            AlignbenchError: there are none.
        """
        check(rows > 0, "training rows", 0, "there is nothing to train on")
        return replace(self, training=self.training.for_rows(rows))

    def rate(self, network: Any) -> dict[str, float]:
        """What a checkpoint adds to the history: ``validation``, or nothing where the last one is exported.

        Gradients, randomness and the mode of ``network`` stay as they are; all ranks get rank 0's figure.

        Raises:
            AlignbenchError: the figure is not finite.
        """
        if self.validate is None or self.training.select is Select.last:
            return {}
        worth = ranks.agreed(self.validate(partial(score_options, network, self.renderer, self.training)))
        rate = self.training.learning_rate
        check(math.isfinite(worth), "training.learning_rate", rate, "the scores are not finite: lower the rate")
        return {"validation": worth}


def best(history: Sequence[Mapping[str, Any]]) -> int:
    """Update whose weights are to be exported: the best validated one, the earlier of equals, else the last."""
    validated = [h for h in history if "validation" in h] or history[-1:]
    return int(max(validated, key=lambda h: (h.get("validation", 0.0), -h["update"]))["update"])


def stop_if_idle(history: Sequence[Mapping[str, Any]], training: Training) -> None:
    """Raise when every group of the last ``patience_zero_variance`` updates had zero variance: GRPO learns nothing.

    Entries without ``zero_variance_share`` (trainings without groups) never stop anything.
    """
    recent = [h.get("zero_variance_share", 0.0) for h in history[-training.patience_zero_variance :]]
    idle = len(recent) == training.patience_zero_variance and min(recent) >= 1.0
    found = f"{len(recent)} updates in which all completions of a prompt earned the same"
    remedy = "the reward does not tell answers apart: use a graded judge, raise the temperature, or check the prompts"
    check(not idle, "training", found, remedy)


def score_options(
    network: Any, renderer: Renderer, training: Training, chats: Sequence[Chat], options: Sequence[Sequence[str]]
) -> list[OptionScores]:
    """Score options as ``Engine.score`` does, without dropout; ``network`` is left in the mode it was in.

    Raises:
        AlignbenchError: a label is not a single token, or a prompt is longer than ``max_prompt_tokens``.
    """
    import torch

    questions = [encode(renderer, c, o, training) for c, o in zip(chats, options, strict=True)]
    places = sorted(range(len(questions)), key=lambda i: len(questions[i].ids))
    scores: dict[int, OptionScores] = {}
    mode = network.training
    network.eval()
    with torch.no_grad():
        for start in range(0, len(places), training.micro_batch):
            part = places[start : start + training.micro_batch]
            logp = last_logprobs(network, [questions[i] for i in part], training.bfloat16)
            for i, row in zip(part, logp, strict=True):
                own = row[list(questions[i].labels)].double()
                scores[i] = OptionScores(tuple(own.tolist()), float(own.exp().sum()))
    network.train(mode)
    return [scores[i] for i in range(len(questions))]
