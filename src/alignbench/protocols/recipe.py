"""What is asked in one pass of responses, and the open choices of the protocols."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from alignbench.component import Component, Count, Positive, Share
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Answer, Asking, Labels, Orders
from alignbench.identity import digest
from alignbench.steps.texts import PersonaForm
from alignbench.types import Item, Split, check

# Q1-Q45 without Q42: the 44 items of CLCA's evaluation.
SOCIAL_VALUES = tuple(f"Q{number}" for number in range(1, 46) if number != 42)


class AnswerForm(Enum):
    """What counts as the answer of a model that speaks for a respondent."""

    likeliest = "likeliest"  # the option with the highest probability
    written = "written"  # what it writes, greedily, as CLCA's authors read it


class ItemBlock(Enum):
    """Which items are asked."""

    held_out = "held_out"  # the split that is asked: no method learnt from their batteries
    social_values = "social_values"  # CLCA's 44 items of World Values Survey wave 7, most of them in training batteries


@dataclass(frozen=True)
class Pass(Component):
    """Knobs of the interviews and of the protocols."""

    # held_out | social_values
    block: ItemBlock = ItemBlock.held_out
    # Ids of items to ask instead of a block.
    items: tuple[str, ...] = ()
    # People interviewed for each model and culture; CLCA has 1000.
    respondents: Count = 20
    # Which people are drawn; the same ones for every method and training seed.
    people_seed: int = 0
    # sentence | fields: how a model is told whom it speaks for; fields are those of CLCA's twelve that the survey has.
    persona: PersonaForm = PersonaForm.sentence
    # likeliest | written: what counts as the answer of an interviewed person.
    answers: AnswerForm = AnswerForm.likeliest
    # Tokens of a written answer; CLCA has 500, of which its authors read the first line.
    answer_tokens: Count = 16
    # Ask in the culture's language, with task.persona=fields.
    native: bool = False
    # Added to every share before CLCA's KL divergence; the paper gives none, and the result depends on it.
    epsilon: Positive = 1e-6
    # Also CLCA's divergence as their code computes it.
    kl_clca_compat: bool = False
    # An interviewed person's answer counts as refused where all options together have less probability (our choice).
    refused_below: Share = 0.5

    _group = "task"

    def _consistent(self) -> None:
        translated = not self.native or self.persona is PersonaForm.fields
        remedy = "only the names of the fields are translated: say task.persona=fields"
        check(translated, "task.native", True, remedy)

    def block_name(self, split: Split) -> str:
        """What was asked, and how, for tables; unlike lists of items have unlike names."""
        held_out = f"held-out ({split.name})"
        name = held_out if self.block is ItemBlock.held_out else self.block.name
        if self.items:
            name = f"{len(self.items)} items, {self.items[0]} to {self.items[-1]} ({digest(self.items, 4)})"
        forms = {
            "personas in fields": self.persona is PersonaForm.fields,
            "written answers": self.answers is AnswerForm.written,
            "in the culture's language": self.native,
        }
        return ", ".join([name, *(form for form, said in forms.items() if said)])

    def interviewing(self, asking: Asking) -> tuple[Asking, int]:
        """How the interviewed are asked, and tokens of a written answer, 0 where the likeliest option counts.

        An answer is written once, as the number of one of the options in the survey's order.
        """
        if self.answers is AnswerForm.likeliest:
            return asking, 0
        forward = replace(asking, answer=Answer.label, orders=Orders.forward, labels=Labels.numbers)
        return forward, self.answer_tokens

    def asked(self, surveys: Mapping[Split, Survey], survey: Survey, split: Split) -> tuple[Item, ...]:
        """The items of the pass, whatever the country.

        Raises:
            AlignbenchError: an id that the survey does not hold, or none of the block.
        """
        if self.items:
            return tuple(survey.item(name) for name in self.items)
        if self.block is ItemBlock.held_out:
            return surveys[split].items
        held = survey.items if survey.name.startswith("wvs") else ()
        found = tuple(item for item in held if item.id in SOCIAL_VALUES)
        remedy = f"survey {survey.name} holds none of them: choose a World Values Survey, or name task.items=[...]"
        check(bool(found), "task.block", self.block.name, remedy)
        return found
