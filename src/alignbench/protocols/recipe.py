"""What is asked in one pass of responses, and the open choices of the protocols."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from alignbench.component import Component, Count, Positive, Share
from alignbench.data.published import published_set
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking, Labels, Orders
from alignbench.evaluation.elicit import Elicit
from alignbench.identity import digest
from alignbench.steps.texts import PersonaForm
from alignbench.types import Item, Split, check

# What an item of a block is, unless it lies in a paper's pool.
SEEN, HELD_OUT = "in training or validation batteries", "held out"


class AnswerForm(Enum):
    """What counts as the answer of a model that speaks for a respondent."""

    likeliest = "likeliest"  # the option with the highest probability
    written = "written"  # what it writes, greedily, as CLCA's authors read it


class ItemBlock(Enum):
    """Which items are asked."""

    held_out = "held_out"  # the split that is asked: no method learnt from the batteries of its test items
    # Published sets of World Values Survey wave 7 (:mod:`alignbench.data.published`), partly in training batteries:
    social_values = "social_values"  # the 44 that CLCA is tested on
    culturespa = "culturespa"  # the 259 that CultureSPA and CultureRL are tested on
    culturerl = "culturerl"  # the 62 of CultureRL's norm pool
    culturellm = "culturellm"  # the 50 seeds of CultureLLM and CulturePark


@dataclass(frozen=True)
class Pass(Component):
    """Knobs of the interviews and of the protocols."""

    # held_out | social_values | culturespa | culturerl | culturellm
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

    def block_name(self, split: Split, elicit: Elicit = Elicit.label) -> str:
        """What was asked, and how, for tables; unlike lists of items have unlike names."""
        batteries = f"held-out ({split.name})" if split is Split.test else f"{split.name} batteries, not held out"
        name = batteries if self.block is ItemBlock.held_out else self.block.name
        if self.items:
            name = f"{len(self.items)} items, {self.items[0]} to {self.items[-1]} ({digest(self.items, 4)})"
        forms = {
            "personas in fields": self.persona is PersonaForm.fields,
            "written answers": self.answers is AnswerForm.written,
            "in the culture's language": self.native,
            f"elicit={elicit.name}": elicit is not Elicit.label,
        }
        return ", ".join([name, *(form for form, said in forms.items() if said)])

    def interviewing(self, asking: Asking) -> tuple[Asking, int]:
        """How the interviewed are asked, and tokens of a written answer, 0 where the likeliest option counts.

        An answer is written once, as the number of one of the options in the survey's order.

        Raises:
            AlignbenchError: the likeliest option is asked for, and the scoring looks no probabilities up.
        """
        if self.answers is AnswerForm.likeliest:
            remedy = "an interviewed person's likeliest option needs elicit=label or text, or say task.answers=written"
            check(not asking.elicit.written, "scoring.elicit", asking.elicit.name, remedy)
            return asking, 0
        forward = replace(asking.by_label, orders=Orders.forward, labels=Labels.numbers)
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
        found = published_set(self.block.name).held(survey)
        remedy = f"survey {survey.name} holds none of them: choose a World Values Survey, or name task.items=[...]"
        check(bool(found), "task.block", self.block.name, remedy)
        return found

    def parts(self, items: Sequence[Item], seen: Collection[str]) -> dict[str, tuple[Item, ...]]:
        """What is in the pool that a method may have learnt from, and what is held out, of a set that holds both.

        Nothing else is called held out than what lies neither in the authors' pool nor in batteries that methods here
        learn or choose from.

        Args:
            seen: ids of items in training or validation batteries.
        """
        known = None if self.items or self.block is ItemBlock.held_out else published_set(self.block.name)
        pool = published_set(known.pool) if known and known.pool else None
        learnt = f"in {pool.title}" if pool else ""

        def part(item: Item) -> str:
            return learnt if pool and item.id in pool.items else SEEN if item.id in seen else HELD_OUT

        parts = {name: tuple(item for item in items if part(item) == name) for name in (learnt, SEEN, HELD_OUT)}
        return {name: found for name, found in parts.items() if found} if sum(map(bool, parts.values())) > 1 else {}
