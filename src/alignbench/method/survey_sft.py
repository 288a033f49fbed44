"""Survey SFT: the answer token trained on how the country answered.

Source: Cao et al. 2025 train on a country's answer distribution; here the cross-entropy of the
first answer token against the shares of the training items, both option orders. An upper
reference: no method that sees norms only can know more than these shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.aligned import AlignedModel
from alignbench.method import Method, RunContext
from alignbench.steps.joint import Joint
from alignbench.steps.practice import Practice, asked_of, of_run
from alignbench.store.stage import Tools
from alignbench.training.losses import distribution_sft
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind


@dataclass(frozen=True)
class SurveySFT(Joint, Method):
    """Its knobs are ``joint`` and ``told``; see ``training``."""

    def align(self, context: RunContext) -> AlignedModel:
        """An adapter trained on the items of the culture's country, or of all that are trained together."""
        texts = self.systems(self.countries(context))
        asked = self.told.when_asked(texts)
        fit = LearnShares(
            train=context.train,
            systems=self.told.in_training(texts),
            asking=context.practising,
            **of_run(context, TrainerKind.options_sft, systems=asked),
        )
        return asked_of(context, fit, asked, self.notes(texts))


@dataclass(frozen=True, kw_only=True)
class LearnShares(Practice):
    """Cross-entropy of the answer token against each country's shares."""

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        return train_on_options(self.job(folder), self.rows, distribution_sft)
