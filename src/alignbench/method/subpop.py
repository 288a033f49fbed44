"""SubPOP: a model told of a group of people learns how that group answered.

Source: Suh, Jahanparast, Moon, Kang, Chang, "Language Model Fine-Tuning on Scaled Survey Data for Predicting
Distributions of Public Opinions", ACL 2025 (arXiv 2502.16761), and the authors' public code. The groups are those of
one country, each by one trait (sex, age band, schooling, place); ``PAPER`` says what is otherwise. It rests on single
respondents, which the official file and the planted world hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Count, OneOf, Within
from alignbench.evaluation.ask import Asking
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, of_run, option_rows
from alignbench.steps.subpopulations import Subpopulation, Telling, subpopulations
from alignbench.store.stage import Tools
from alignbench.training.losses import OptionLoss, divergence_among_options, wasserstein_among_options
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind
from alignbench.types import Item, PromptPolicy, Scale, check


class GroupLoss(Enum):
    """How far the model's answers are from a group's."""

    kl = "kl"
    wasserstein = "wasserstein"  # on items with ordered options, the others are left out


_LOSSES: dict[GroupLoss, OptionLoss] = {
    GroupLoss.kl: divergence_among_options,
    GroupLoss.wasserstein: wasserstein_among_options,
}


@dataclass(frozen=True)
class SubPOP(Method):
    """Knobs of SubPOP; how the weights are trained is ``training``."""

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "22 groups of Americans, each by one trait",
            "alignbench.steps.subpopulations.subpopulations",
            note="the groups of one country by sex, age band, schooling and place, as far as the survey knows them and "
            "they are large enough; the bands are ours (`method.ages`)",
        ),
        PaperStep(
            "Shares of each group's answers, by weight",
            "alignbench.steps.subpopulations.Subpopulation",
            note="counted among respondents drawn by weight (`method.respondents`), refusals left out",
        ),
        PaperStep(
            "A group is told by a question and its answer, a biography or an instruction",
            "alignbench.steps.subpopulations.Telling",
            {"method.styles": ("[qa]", "[qa]")},
            "our words, in the system message; the country is named, too",
        ),
        PaperStep(
            "Forward KL or Wasserstein distance over the options, renormalised",
            "alignbench.training.losses.divergence_among_options",
            {"method.loss": ("kl", "kl")},
        ),
        PaperStep(
            "LoRA of rank 8 on queries and values, batches of 128, 50 epochs",
            "alignbench.training.options.train_on_options",
            {"training": ("cpu", "subpop_paper")},
            "each question in every order of its options, theirs in one; how long the rate rises is not known",
        ),
        PaperStep(
            "Test on groups and questions that were not learnt",
            "alignbench.method.subpop.SubPOP.align",
            {"method.without": ("[]", "[]")},
            "questions of the board are never learnt; a group's own score is no figure of the board, which shows the "
            "mean answer of all groups against the country",
        ),
        PaperStep(
            "Pretrained base models of 7 to 70 B",
            "alignbench.backend.hf.HF",
            note="any model; theirs are not instruction-tuned",
        ),
    )

    # qa | bio | portray: how groups are told in training; the first is how they are told when the model is asked.
    styles: Annotated[tuple[Telling, ...], OneOf(*Telling)] = (Telling.qa,)
    # kl | wasserstein
    loss: GroupLoss = GroupLoss.kl
    # Years at which another age band begins (ours).
    ages: Annotated[tuple[int, ...], Within(least=1)] = (35, 55)
    # Respondents drawn, and how many make a group (ours).
    respondents: Count = 2000
    least: Count = 50
    # Groups that are not learnt, by their value ("woman", "18 to 34"), to see how far the others carry.
    without: tuple[str, ...] = ()

    def _consistent(self) -> None:
        check(list(self.ages) == sorted(set(self.ages)), "method.ages", list(self.ages), "give ascending years")

    def admit(self, context: RunContext) -> None:
        """The survey must hold respondents of the culture, and groups of them."""
        self._learnt(self._groups(context))

    def align(self, context: RunContext) -> AlignedModel:
        """An adapter that answers as each group did, asked once for every group."""
        groups, country = self._groups(context), context.culture.country
        learnt, items = self._learnt(groups), tuple(item for item in context.train.items if self._rated(item))
        told = tuple(group.told(self.styles[0], country) for group in groups)
        fit = LearnGroups(
            items=items,
            groups=tuple((group.told(style, country), group.shares) for group in learnt for style in self.styles),
            asking=context.practising,
            loss=self.loss,
            # One text stands for the country on validation items: the first group's.
            **of_run(context, TrainerKind.options_sft, systems={context.culture.iso3: told[0]}),
        )
        notes = f"Answers are the mean over {len(groups)} groups of the country, each told by its text."
        return AlignedModel(context.model, fit, PromptPolicy(told), (notes,))

    def _rated(self, item: Item) -> bool:
        """Wasserstein distances exist where options have an order."""
        return self.loss is GroupLoss.kl or item.scale is not Scale.nominal

    def _groups(self, context: RunContext) -> tuple[Subpopulation, ...]:
        """All groups of the culture.

        Raises:
            AlignbenchError: the survey holds no respondents, or none that fall into groups.
        """
        people, assumed = context.people(context.culture.iso3, self.respondents)
        remedy = "it holds no respondents, on whom method=subpop rests: survey=wvs7_official with your download"
        check(assumed is None, "survey", context.train.name, f"{remedy}, or survey=world")
        found = subpopulations(people, context.train.items, self.ages, self.least)
        few = f"no trait of {len(people)} respondents has two groups of so many: lower it, or raise method.respondents"
        check(bool(found), "method.least", self.least, few)
        return found

    def _learnt(self, groups: tuple[Subpopulation, ...]) -> list[Subpopulation]:
        """Those that are not held out.

        Raises:
            AlignbenchError: a value that no group has, or nothing is left.
        """
        known = [group.value for group in groups]
        for value in self.without:
            check(value in known, "method.without", value, f"the groups are {', '.join(known)}")
        left = [group for group in groups if group.value not in self.without]
        check(bool(left), "method.without", list(self.without), "leave a group to learn from")
        return left


@dataclass(frozen=True, kw_only=True)
class LearnGroups(Fit):
    """Each group's shares learnt under the text that tells of it.

    Attributes:
        groups: system text, and item id -> shares.
    """

    items: tuple[Item, ...]
    groups: tuple[tuple[str, Mapping[str, tuple[float, ...]]], ...]
    asking: Asking
    loss: GroupLoss

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        rows = [
            row for told, shares in self.groups for row in option_rows(self.asking, self.items, shares, system=told)
        ]
        say(f"  rows   {len(rows)} of {len(self.groups)} texts")
        return {"rows": len(rows), **train_on_options(self.job(folder), rows, _LOSSES[self.loss])}
