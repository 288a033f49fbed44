"""GRPO learns nothing from a group whose rewards are all equal: stop before hours are spent on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.training.recipe import Training


def stop_if_idle(history: Sequence[Mapping[str, Any]], training: Training) -> None:
    """Raise when every group of the last ``patience_zero_variance`` updates had zero variance.

    Entries without ``zero_variance_share`` (trainings without groups) never stop anything.
    """
    recent = [h.get("zero_variance_share", 0.0) for h in history[-training.patience_zero_variance :]]
    if len(recent) == training.patience_zero_variance and min(recent) >= 1.0:
        raise AlignbenchError(
            "training",
            f"{len(recent)} updates in which all completions of a prompt earned the same",
            "the reward tells no answers apart: use a graded judge, raise the temperature, or check the prompts",
        )
