"""Survey DPO: how people answered, preferred to how the model would.

Ours: the plain preference baseline, direct preference optimisation (Rafailov et al. 2023) on answers alone. A pair is
two labels of one question: the chosen one drawn by the country's shares p, the rejected one by the untrained model's
own probabilities q. Where they are the same there is nothing to prefer. Among the other pairs option a beats option b
with odds (p_a / q_a) / (p_b / q_b). DPO at ``beta`` learns q times a power 1 / ``beta`` of such odds, so its optimum is
q (p / q)^(1 / beta), normalised: people's own distribution at 1, and one of ever fewer answers below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alignbench.aligned import AlignedModel
from alignbench.component import Positive
from alignbench.method import Method, RunContext
from alignbench.steps.joint import Joint
from alignbench.steps.practice import Practice, asked_of, of_run
from alignbench.store.stage import Tools
from alignbench.training.losses import option_dpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind


@dataclass(frozen=True)
class SurveyDPO(Joint, Method):
    """Knobs of survey DPO, ours; how the weights are trained is ``training``."""

    # Weight of the log-ratios; see above for why it is 1 here, where DPO on texts takes .1.
    beta: Positive = 1.0

    def align(self, context: RunContext) -> AlignedModel:
        """An adapter that prefers how people answered to how the model would have answered."""
        texts = self.systems(self.countries(context))
        asked = self.told.when_asked(texts)
        fit = PreferPeople(
            train=context.train,
            systems=self.told.in_training(texts),
            asking=context.practising,
            beta=self.beta,
            **of_run(context, TrainerKind.options_dpo, systems=asked),
        )
        return asked_of(context, fit, asked, self.notes(texts))


@dataclass(frozen=True, kw_only=True)
class PreferPeople(Practice):
    """Direct preference optimisation on pairs of labels: a respondent's answer against the model's own."""

    beta: float

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        loss = partial(option_dpo, beta=self.beta)
        return train_on_options(self.job(folder), self.rows, loss, reference=True)
