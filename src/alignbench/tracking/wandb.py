"""Weights & Biases: one run per cell, and per group one run that holds the pooled board."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from alignbench.tracking import Tracker
from alignbench.tracking.knobs import WandbKnobs, WandbMode, has_key
from alignbench.types import check


@dataclass(frozen=True)
class Wandb(WandbKnobs):
    """Needs ``pip install "alignbench[wandb]"``; an account only for ``online``."""

    def open(self, reports: Path) -> Tracker:
        """A tracker for the project.

        Raises:
            AlignbenchError: the package is not installed, or ``mode=online`` finds no API key.
        """
        from alignbench.tracking.push import Pusher

        remedy = 'the package is not installed: pip install "alignbench[wandb]"'
        check(find_spec("wandb") is not None, "tracking", "wandb", remedy)
        remedy = "no API key is configured: run `wandb login`, set WANDB_API_KEY, or choose tracking.mode=offline"
        check(self.mode is not WandbMode.online or has_key(), "tracking.mode", "online", remedy)
        return Pusher(self, reports)
