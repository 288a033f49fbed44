"""How a survey item is put to a model.

Position and format decide more than values in small models, so every item is asked with its
options in both orders; how its answer is taken is said in :mod:`alignbench.evaluation.elicit`. Stability over formats
follows Khan, Casper and Hadfield-Menell 2025 (arXiv 2503.08688); the wording is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from string import ascii_uppercase
from typing import NamedTuple

from alignbench.data.languages import Phrases, phrases
from alignbench.evaluation.elicit import Elicit, Replying
from alignbench.templates import rendered
from alignbench.types import Chat, Item, Message, PromptPolicy, Scale, chat, check

_PROMPTS = Path(__file__).parent / "prompts"
_BOTH = ("forward", "reversed")


class Orders(Enum):
    """In which orders the options are listed."""

    both = "both"  # every system text asks in both
    balanced = "balanced"  # several system texts take turns, a single one asks in both: half the prompts
    forward = "forward"


class Labels(Enum):
    """What names the options; auto is numbers up to nine options and letters above ("10" is often two tokens).

    Where people are counted, auto is letters, so that no label looks like a number of people.
    """

    auto = "auto"
    numbers = "numbers"
    letters = "letters"


class Style(Enum):
    """How much a question says besides itself; each is a template in ``prompts/``."""

    full = "full"  # the options are listed, and what to answer is explained
    reworded = "reworded"  # the same in another frame, in English only: to see what the frame decides
    compact = "compact"  # the range of labels alone, for models that were trained on a survey in this form


class Request(NamedTuple):
    """One chat and the options whose log-probability is wanted."""

    chat: Chat
    options: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """One way of asking one item.

    Attributes:
        context: index into ``PromptPolicy.systems_for(item)``.
        order: forward or reversed.
        options: index into ``Item.codes`` of the option listed at each position.
        request: the question; if ``conclude`` is given, one that asks for thoughts first.
        prior: the same options with nothing asked; None where no prior is divided out.
        conclude: what asks for the answer after thoughts that were asked for; None where none were.
        weight: how much its answer counts among those to its item.
        texts: the wording of the option at each position, by which a written reply may name it; empty for a scale.
    """

    item: str
    context: int
    order: str
    system: str | None
    options: tuple[int, ...]
    request: Request
    prior: Request | None
    conclude: str | None = None
    texts: tuple[str, ...] = ()
    weight: float = 1.0

    def after(self, thought: str) -> Request:
        """The request for the answer, once the model has thought, by itself or because it was asked to."""
        if self.conclude is None:
            return Request((*self.request.chat, Message("thought", thought)), self.request.options)
        turns = (Message("assistant", thought), Message("user", self.conclude))
        return Request((*self.request.chat, *turns), self.request.options)

    @property
    def id(self) -> tuple[str, int, str]:
        """What tells this prompt from all others of a run."""
        return self.item, self.context, self.order


@dataclass(frozen=True)
class Asking:
    """The part of the scoring that decides what a model reads.

    ``divide_prior`` holds for ``Elicit.text`` only: an option's log-probability after a question
    without content is subtracted, so that long or common texts have no head start (domain-conditional
    PMI, Holtzman et al. 2021; contextual calibration, Zhao et al. 2021). Ten-point items word only
    their poles and are asked by label in either mode.

    Attributes:
        replying: how replies are written and read; None in the forms that look probabilities up.
    """

    elicit: Elicit = Elicit.label
    orders: Orders = Orders.balanced
    labels: Labels = Labels.auto
    divide_prior: bool = True
    style: Style = Style.full
    replying: Replying | None = None

    def __post_init__(self) -> None:
        listed = self.style is not Style.compact
        remedy = "style=compact lists no options: ask with elicit=label or elicit=sampled, and orders=forward"
        plain = self.elicit in (Elicit.label, Elicit.sampled) and self.orders is Orders.forward
        check(listed or plain, "scoring.style", self.style.name, remedy)
        remedy = "say how replies are written and read where the model writes, and only there"
        check(self.elicit.written == (self.replying is not None), "asking.replying", self.replying, remedy)

    def prompts(self, items: Iterable[Item], policy: PromptPolicy) -> Iterator[Prompt]:
        """Every item under every system text of the policy, in the orders that ``orders`` asks for.

        System texts that count unequally do not take turns: each asks in both orders, as a single one does.
        """
        for item in items:
            systems, worded = policy.systems_for(item), policy.worded(item)
            weights = policy.weights or (1.0,) * len(systems)
            for context, (system, weight) in enumerate(zip(systems, weights, strict=True)):
                for order in self.orders_for(context, 1 if policy.weights else len(systems)):
                    asked = self.prompt(worded, context, order, system, policy.language, policy.asks_for_thoughts)
                    yield replace(asked, weight=weight)

    @property
    def alone(self) -> Asking:
        """The same by label and under one system text alone, where balanced is both and no prior is divided out."""
        orders = Orders.both if self.orders is Orders.balanced else self.orders
        return replace(self.by_label, orders=orders, divide_prior=False)

    @property
    def by_label(self) -> Asking:
        """The same with the labels' probabilities looked up, whatever form the survey is scored in."""
        return replace(self, elicit=Elicit.label, replying=None)

    def orders_for(self, context: int, contexts: int) -> tuple[str, ...]:
        """The orders in which one of several system texts asks."""
        if self.orders is Orders.forward:
            return _BOTH[:1]
        if self.orders is Orders.balanced and contexts > 1:
            return (_BOTH[context % 2],)
        return _BOTH

    def prompt(
        self,
        item: Item,
        context: int,
        order: str,
        system: str | None,
        language: str = "en",
        thinking: bool = False,
    ) -> Prompt:
        """``item`` in one order under one system text; with ``thinking``, thoughts are asked for first.

        Raises:
            AlignbenchError: no phrases in this language, none that ask for thoughts or for people out of 100, or no
                other frame in it.
        """
        framed = self.style is not Style.reworded or language == "en"
        check(framed, "language", language, "style=reworded is in English only: ask this method with another format")
        said = phrases(language)
        step = -1 if order == "reversed" else 1
        counted = self.elicit is Elicit.verbalised
        by_text = self.elicit is Elicit.text and item.scale is not Scale.ten_point
        texts = item.options[::step]
        labels = () if by_text else self.labels_for(item)
        poles = item.poles and item.poles[::step]
        wording = {
            "phrases": said,
            "texts": texts,
            "labels": labels,
            "poles": poles,
            "thinking": thinking,
            "counted": counted,
            "closing": _counted(said, labels) if counted else _closing(said, labels, poles is not None),
        }
        answers = texts if by_text else labels

        def render(name: str, question: str | None) -> str:
            return rendered(_PROMPTS, name, question=question, **wording)

        def request(question: str | None) -> Request:
            form = "survey_item" if self.style is Style.full else f"survey_item_{self.style.name}"
            return Request(chat(render(form, question), system), answers)

        check(not thinking or said.think is not None, "language", language, "thoughts cannot be asked for in it")
        prior = request(None) if by_text and self.divide_prior and not thinking else None
        options = tuple(range(len(item.codes)))[::step]
        worded = () if poles else texts
        ending = "conclude_compact" if self.style is Style.compact else "conclude"
        conclude = render(ending, item.question) if thinking else None
        return Prompt(item.id, context, order, system, options, request(item.question), prior, conclude, worded)

    def labels_for(self, item: Item) -> tuple[str, ...]:
        """One label per option, in the order they are listed.

        Raises:
            AlignbenchError: more options than letters.
        """
        n = len(item.codes)
        check(n <= len(ascii_uppercase), "item", item.id, f"{n} options are more than there are letters")
        few = n <= 9 and self.elicit is not Elicit.verbalised
        numbers = self.labels is Labels.numbers or (self.labels is Labels.auto and few)
        return tuple(str(i + 1) for i in range(n)) if numbers else tuple(ascii_uppercase[:n])


def _closing(said: Phrases, labels: Sequence[str], of_scale: bool) -> str:
    """The sentence that says what to answer with."""
    if not labels:
        return said.option_text
    by_number = labels[0].isdigit()
    if of_scale:
        return said.scale_number if by_number else said.scale_letter
    return said.option_number if by_number else said.option_letter


def _counted(said: Phrases, labels: Sequence[str]) -> str:
    """What asks how many of 100 people would give each answer."""
    remedy = "people out of 100 cannot be asked for in it: take another scoring.elicit"
    check(said.counted is not None, "language", said.language, remedy)
    return str(said.counted).format(label=labels[0])
