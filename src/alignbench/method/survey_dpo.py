"""Survey DPO: how people answered, preferred to how the model would.

Ours: the plain preference baseline, direct preference optimisation (Rafailov et al. 2023) on answers alone. A pair is
two labels of one question: the chosen one drawn by the country's shares p, the rejected one by the untrained model's
own probabilities q. Where they are the same there is nothing to prefer. Among the other pairs option a beats option b
with odds (p_a / q_a) / (p_b / q_b). DPO at ``beta`` learns q times a power 1 / ``beta`` of such odds, so its optimum is
q (p / q)^(1 / beta), normalised: people's own distribution at 1, and one of ever fewer answers below it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Positive
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.evaluation.survey import ASKED, respond, shares
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.seeds import seed_of
from alignbench.steps.joint import Joint
from alignbench.steps.practice import PROMPT_TOKENS, Fit, Systems, asked_of, of_run, questions_to
from alignbench.store.stage import Stage, Tools
from alignbench.training.dpo import PreferenceRow, train_dpo
from alignbench.training.recipe import TrainerKind
from alignbench.types import Item, ModelRef, PromptPolicy, check

# (item id, system text, order) -> the probabilities of the options among themselves, in the order of ``Item.codes``.
Probabilities: TypeAlias = Mapping[tuple[str, str | None, str], NDArray[np.float64]]


@dataclass(frozen=True)
class SurveyDPO(Joint, Method):
    """Knobs of survey DPO, all ours; how the weights are trained is ``training``."""

    # Pairs drawn for each question in each order of its options, those of equal answers among them.
    pairs: Count = 16
    # Weight of the log-ratios; see above for why it is 1 here, where DPO on texts takes .1.
    beta: Positive = 1.0
    # Share of training.learning_rate: DPO diverges at rates where supervised training learns.
    rate: Positive = 0.5

    def align(self, context: RunContext) -> AlignedModel:
        """The model's own answers to the training items, and an adapter that prefers people's."""
        texts = self.systems(self.countries(context))
        asked, told = self.told.when_asked(texts), self.told.in_training(texts)
        training = context.training
        fit = PreferPeople(
            own=OwnAnswers(context.model, context.train.items, tuple(dict.fromkeys(told.values())), context.practising),
            train=context.train,
            systems=told,
            pairs=self.pairs,
            beta=self.beta,
            **of_run(
                context,
                TrainerKind.dpo,
                systems=asked,
                training=training.with_knobs(learning_rate=self.rate * training.learning_rate),
            ),
        )
        return asked_of(context, fit, asked, self.notes(texts))


@dataclass(frozen=True)
class OwnAnswers(Stage):
    """What the untrained model answers to the items under each system text, as probabilities of the options."""

    name = "own_answers"

    model: ModelRef
    items: tuple[Item, ...]
    systems: tuple[str | None, ...]
    asking: Asking

    @property
    def tokens(self) -> int:
        """One look at each question in each order."""
        return len(self.items) * len(self.systems) * len(self.asking.orders_for(0, 1)) * PROMPT_TOKENS

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Ask."""
        model = AlignedModel(self.model, policy=PromptPolicy(self.systems)).at_work(tools)
        before = replace(model.engine.usage)
        respond(model, self.items, self.asking, folder)
        return asdict(model.engine.usage - before)

    def probabilities(self, tools: Tools) -> Probabilities:
        """What the finished stage holds."""
        responses = pd.read_parquet(tools.folder(self) / "responses.parquet")
        responses = responses.assign(share=shares(responses, ASKED)).sort_values([*ASKED, "option"])
        found = {}
        for _, asked in responses.groupby(["item", "context", "order"]):
            first = asked.iloc[0]
            place = (first["item"], self.systems[first["context"]], first["order"])
            found[place] = asked["share"].to_numpy(np.float64)
        return found


@dataclass(frozen=True, kw_only=True)
class PreferPeople(Fit):
    """Direct preference optimisation on pairs of labels: a respondent's answer against the model's own."""

    own: OwnAnswers
    train: Survey
    systems: Systems
    pairs: int
    beta: float

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Draw the pairs and train, and leave the adapter.

        Raises:
            AlignbenchError: people and model gave the same answer in all pairs.
        """
        own = self.own.probabilities(tools)
        asked = [
            (iso3, prompt)
            for iso3, system in self.systems.items()
            for prompt in questions_to(iso3, self.train, self.own.asking, system)
        ]
        rows = [row for iso3, prompt in asked for row in self._pairs(iso3, prompt, own)]
        drawn = self.pairs * len(asked)
        say(f"  pairs  people and model gave different answers in {len(rows)} of {drawn}")
        check(bool(rows), "method.pairs", self.pairs, "people and model gave the same answer in all pairs: draw more")
        return {"drawn": drawn, "pairs": len(rows), **train_dpo(self.job(folder), rows, self.beta)}

    def _pairs(self, iso3: str, prompt: Prompt, own: Probabilities) -> list[PreferenceRow]:
        model = own[prompt.item, prompt.system, prompt.order]
        people = np.array(self.train.of(iso3)[prompt.item].shares)
        rng = np.random.default_rng(seed_of(self.seed, "pairs", iso3, prompt.item, prompt.order))
        label = dict(zip(prompt.options, prompt.request.options, strict=True))
        pairs = drawn_pairs(people, model, self.pairs, rng)
        return [PreferenceRow(prompt.request.chat, label[chosen], label[rejected]) for chosen, rejected in pairs]


def drawn_pairs(
    people: NDArray[np.float64], model: NDArray[np.float64], count: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """(chosen, rejected) positions of options: ``count`` draws from either distribution, without those that agree."""
    draws = (rng.choice(len(shares), count, p=shares / shares.sum()).tolist() for shares in (people, model))
    return [(ours, own) for ours, own in zip(*draws, strict=True) if ours != own]
