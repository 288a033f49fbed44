"""Survey SFT: the answer token trained on how the country answered.

Source: Cao et al. 2025 train on a country's answer distribution; here the cross-entropy of the
first answer token against the shares of the training items, both option orders. An upper
reference: no method that sees norms only can know more than these shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.method import RunContext
from alignbench.method.joint import Joint
from alignbench.method.practice import option_rows, validator
from alignbench.method.seeds import asked_there
from alignbench.progress import say
from alignbench.training.options import OptionRow, distribution_sft, train_on_options
from alignbench.types import AlignedModel


@dataclass(frozen=True)
class SurveySFT(Joint):
    """No knobs of its own but ``joint``; see ``training``."""

    def fit(self, context: RunContext) -> AlignedModel:
        """Train an adapter on the training items of the culture's country, or of all that are trained together."""
        systems = self.systems(self.countries(context))

        def build(folder: Path) -> Mapping[str, Any]:
            rows = [row for iso3, system in systems.items() for row in _rows(context, iso3, system)]
            validate = validator(context, systems)
            return train_on_options(
                context.model, rows, distribution_sft, context.training, context.seed, folder, validate
            )

        parts = {
            "method": self.shared_parts(systems),
            "model": context.model.identity,
            "survey": context.train.fingerprint,
            "country": ",".join(systems),
            "training": context.training.parts,
            "asking": context.asking.parts,
            "seed": context.seed,
        }
        return self.asked(context, context.store.stage("fit", parts, build), systems)


def _rows(context: RunContext, iso3: str, system: str | None) -> list[OptionRow]:
    """The items that the country was asked, with its shares as targets."""
    items, ledger = asked_there("items", context.train.items, context.train, iso3)
    say(f"  {ledger}")
    shares = {item.id: context.train.of(iso3)[item.id].shares for item in items}
    return option_rows(context.asking, items, shares, system=system)
