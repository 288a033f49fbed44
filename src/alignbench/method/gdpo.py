"""GDPO: the model says which view it takes, by people's shares, and then what goes with that view.

Source: Yao, Cai, Chuang, Yang, Jiang, Yang, Hu, "No Preference Left Behind: Group Distributional Preference
Optimization", ICLR 2025 (arXiv 2412.20299), and the authors' public code. On survey data a *belief* is an option of a
question, said by its label, and the *opinion* the sentence in which a respondent would say it ("I <predicate>."), from
the item table. ``PAPER`` says what is otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Positive
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.method import Method, RunContext
from alignbench.seeds import seed_of
from alignbench.steps.joint import Joint
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, Systems, asked_of, of_run, questions_to
from alignbench.store.stage import Tools
from alignbench.training.gdpo import BeliefRow, train_gdpo
from alignbench.training.recipe import TrainerKind
from alignbench.training.rows import OptionRow


@dataclass(frozen=True)
class GDPO(Joint, Method):
    """Knobs of GDPO; how the weights are trained is ``training``."""

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "A group's distribution over the beliefs of a question",
            "alignbench.data.survey.Survey",
            note="a country's shares of training items; theirs are of GlobalOpinionQA, and stars of film reviews",
        ),
        PaperStep(
            "The belief is said first, then an opinion",
            "alignbench.training.gdpo.BeliefRow",
            note="a belief is an option, said by its label alone; theirs by its number and its text in brackets",
        ),
        PaperStep(
            "Opinions of each belief written by a language model",
            "alignbench.types.Item.statement",
            note="an opinion is the one sentence of the item table for that option; theirs are a GPT's, many a belief",
        ),
        PaperStep(
            "An opinion of the belief preferred to one of another belief",
            "alignbench.method.gdpo.opinions",
            note="the belief drawn by the group's shares, the other one evenly, and how many (`method.pairs`) [I]",
        ),
        PaperStep("Supervised training on the chosen replies first, as start and reference"),
        PaperStep(
            "KL of the model's beliefs from the group's, by the tokens of the options",
            "alignbench.training.gdpo.divergence",
        ),
        PaperStep("Likelihood of the belief's text, in the authors' code"),
        PaperStep(
            "DPO on the opinions, the belief's tokens left out",
            "alignbench.training.gdpo.train_gdpo",
            {"method.beta": ("0.1", "0.1")},
        ),
        PaperStep(
            "Full weights, RMSprop at 5e-7, 20 epochs in updates of 32 pairs",
            "alignbench.training.dpo.train_on_pairs",
            note="LoRA and AdamW as `training=` says, at the share `method.rate` of its rate",
        ),
        PaperStep(
            "Base model: GPT-2 Large, in the authors' script",
            "alignbench.backend.hf.HF",
            note="any model whose labels are tokens of their own",
        ),
    )

    # Pairs of opinions for each question in each order of its options.
    pairs: Count = 8
    # Weight of the log-ratios of opinions.
    beta: Positive = 0.1
    # Share of training.learning_rate: DPO diverges at rates where supervised training learns.
    rate: Positive = 0.5

    def align(self, context: RunContext) -> AlignedModel:
        """An adapter that answers by the country's shares and speaks as it answers."""
        texts = self.systems(self.countries(context))
        asked, slower = self.told.when_asked(texts), self.rate * context.training.learning_rate
        training = context.training.with_knobs(learning_rate=slower)
        fit = LearnBeliefs(
            train=context.train,
            systems=self.told.in_training(texts),
            asking=context.practising,
            pairs=self.pairs,
            beta=self.beta,
            **of_run(context, TrainerKind.dpo, systems=asked, training=training),
        )
        return asked_of(context, fit, asked, self.notes(texts))


@dataclass(frozen=True, kw_only=True)
class LearnBeliefs(Fit):
    """Beliefs calibrated to each country's shares, and opinions preferred that go with them."""

    train: Survey
    systems: Systems
    asking: Asking
    pairs: int
    beta: float

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        rows = [
            row
            for iso3, system in self.systems.items()
            for prompt in questions_to(iso3, self.train, self.asking, system)
            for row in self._rows(iso3, prompt)
        ]
        return {"pairs": len(rows), **train_gdpo(self.job(folder), rows, self.beta)}

    def _rows(self, iso3: str, prompt: Prompt) -> Iterator[BeliefRow]:
        item, shares = self.train.item(prompt.item), self.train.of(iso3)[prompt.item].shares
        chat, labels = prompt.request
        question = OptionRow(chat, labels, tuple(shares[option] for option in prompt.options), item.id)
        rng = np.random.default_rng(seed_of(self.seed, "opinions", iso3, item.id, prompt.order))
        levels = [item.level(option) for option in prompt.options]
        for place, other in opinions(question.target, levels, self.pairs, rng):
            spoken = (item.statement(level, "I") for level in (levels[place], other))
            yield BeliefRow(question, labels[place], *spoken)


def opinions(
    shares: tuple[float, ...], levels: list[int], count: int, rng: np.random.Generator
) -> Iterator[tuple[int, int]]:
    """``count`` pairs of a belief, drawn by the shares, and the level of an opinion that does not go with it.

    Args:
        levels: of each option, which sentence says it; neighbours on a ten-point scale share one.
    """
    people = np.array(shares)
    for place in rng.choice(len(shares), count, p=people / people.sum()).tolist():
        yield place, int(rng.choice([level for level in sorted(set(levels)) if level != levels[place]]))
