"""Frozen dataclasses shared by all rooms. Imports nothing of the project but the error and what identity is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import accumulate
from pathlib import Path
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.identity import recorded


class Scale(Enum):
    """What the order of an item's options means."""

    ordinal = "ordinal"
    ten_point = "ten_point"
    binary = "binary"
    nominal = "nominal"


class Split(Enum):
    """Which part of the survey an item belongs to; whole batteries go together."""

    train = "train"
    validation = "validation"
    test = "test"


@dataclass(frozen=True)
class Item:
    """One survey question in our wording.

    Attributes:
        codes: the survey's answer codes in semantic order, one per option.
        concept: noun phrase for the thing judged (CultureRL step A4).
        direction: what grows from the first option to the last; None for nominal items.
        options: option texts, one per code; of a ten-point item "1 (never)", "2", ... "10 (always)".
        predicates: verb phrases in the plain plural present, one per *level*; a level is one
            option, or a pair of neighbouring codes of a ten-point item.
    """

    id: str
    topic: str
    battery: str
    scale: Scale
    codes: tuple[int, ...]
    concept: str
    direction: str | None
    question: str
    options: tuple[str, ...]
    predicates: tuple[str, ...]

    @property
    def poles(self) -> tuple[str, str] | None:
        """What the first and the last code of a ten-point item mean; None for other scales."""
        if self.scale is not Scale.ten_point:
            return None
        first, last = (text.partition(" (")[2].removesuffix(")") for text in (self.options[0], self.options[-1]))
        return first, last

    def level(self, position: int) -> int:
        """Level (index into ``predicates``) of the option at ``position`` (index into ``codes``)."""
        return position * len(self.predicates) // len(self.codes)

    def opposite(self, level: int) -> int | None:
        """The mirrored level, or None where none exists (middle level, nominal item)."""
        mirrored = len(self.predicates) - 1 - level
        return None if self.scale is Scale.nominal or mirrored == level else mirrored

    def statement(self, level: int, subject: str = "People here") -> str:
        """A full sentence: ``subject`` holds what ``level`` stands for."""
        return f"{subject} {self.predicates[level]}."


@dataclass(frozen=True)
class Answers:
    """How a country answered an item: shares in the order of ``Item.codes`` (sum 1).

    Attributes:
        n: respondents with a valid answer; None where the source does not say.
        effective: Kish's effective number of them, (sum of weights)^2 / sum of squared weights; None where they are not
            weighted, or their weights are not known (Kish 1965, Survey Sampling, section 11.7).
    """

    shares: tuple[float, ...]
    n: int | None = None
    effective: float | None = None

    def sample(self, otherwise: int) -> int:
        """How many unweighted respondents these answers are worth; ``otherwise`` where the source gives no number."""
        return round(self.effective or self.n or otherwise)


@dataclass(frozen=True)
class Culture:
    """A culture and the country that stands for it."""

    name: str = "???"
    country: str = "???"
    iso3: str = "???"
    adjective: str = "???"
    language: str = "en"
    # Further words that find it on the command line.
    aliases: tuple[str, ...] = recorded(())
    # Culture whose norms serve as the control ("same recipe, another country").
    control: str = recorded("???")
    # CSV of shares (item,code,share,n) to add to the survey for this culture; how a user adds one. Its content counts
    # in the survey's fingerprint.
    shares: str | None = recorded(None)
    # A sentence that every table and report of this culture must carry.
    note: str | None = recorded(None)

    def __post_init__(self) -> None:
        for name in ("name", "country", "iso3", "adjective"):
            value = getattr(self, name)
            check(bool(value and value.strip()), f"culture.{name}", value, "give a text")

    @property
    def place(self) -> Culture:
        """The culture without the words for its people and their language, for stages that use none."""
        return replace(self, adjective=Culture.adjective, language=Culture.language)


@dataclass(frozen=True)
class Message:
    """One turn. ``role`` is system, user or assistant.

    A chat may end with one more, thought: what a model that thinks by itself has thought before its answer.
    """

    role: str
    content: str


Chat = tuple[Message, ...]


@dataclass(frozen=True)
class Sampling:
    """How to generate. ``temperature=0`` is greedy; ``n`` samples a chat.

    ``thought``: only what a model that thinks by itself thinks before it answers, up to the mark that ends it.
    """

    max_new_tokens: int = 64
    temperature: float = 0.0
    top_p: float = 1.0
    n: int = 1
    seed: int = 0
    thought: bool = False


@dataclass(frozen=True)
class Thought:
    """What a model thought before it answered.

    Attributes:
        closed: whether it came to an end by itself; false where its tokens or its turn ended first. Of thoughts that
            are asked for in words this is not known, and they count as closed.
    """

    text: str
    closed: bool = True


@dataclass(frozen=True)
class OptionScores:
    """Exact log-probabilities (natural log) of each option as the assistant's next text.

    ``logprobs[i]`` sums over the tokens of option ``i``. ``mass`` is the total probability of the
    options' *first* tokens (each distinct token counted once): how much of the next-token
    distribution speaks the asked format.
    """

    logprobs: tuple[float, ...]
    mass: float


@dataclass(frozen=True)
class Norm:
    """What a culture holds about one item: its modal level, and that level's opposite.

    Attributes:
        support: share of the country's respondents at the modal level.
        opposite: the statement that contradicts it, None where there is none.
        subject: who statement and opposite speak of: the words both begin with.
    """

    item: str
    iso3: str
    level: int
    statement: str
    opposite: str | None
    support: float
    cluster: int
    subject: str = "People here"

    def spoken_by(self, subject: str) -> Norm:
        """The same norm of another subject ("I", "People"); a sentence that begins otherwise stays as it is."""
        old = f"{self.subject} "

        def said(text: str) -> str:
            return f"{subject} {text.removeprefix(old)}" if text.startswith(old) else text

        opposite = None if self.opposite is None else said(self.opposite)
        return replace(self, subject=subject, statement=said(self.statement), opposite=opposite)


@dataclass(frozen=True)
class PromptPolicy:
    """How a method speaks to the model: system texts whose answers are averaged.

    One entry per wording; None means no system message. Item-dependent policies subclass and
    override ``systems_for`` or ``worded``; their fields are their identity.

    Attributes:
        reasoning: how thoughts are sampled before the answer; None asks for the answer at once.
        language: in which items are asked.
        weights: share of the answer under each of ``systems``, 1 together; empty where all count the same.
    """

    systems: tuple[str | None, ...] = (None,)
    reasoning: Sampling | None = None
    language: str = "en"
    weights: tuple[float, ...] = ()

    @property
    def asks_for_thoughts(self) -> bool:
        """Whether thoughts are asked for in words; a model that thinks by itself is asked as ever."""
        return self.reasoning is not None and not self.reasoning.thought

    def ready(self, folder: Callable[[Any], Path]) -> PromptPolicy:
        """The policy with what it reads of stages at hand.

        Args:
            folder: where the content of a finished stage lies.
        """
        return self

    def systems_for(self, item: Item) -> tuple[str | None, ...]:
        """System texts for this item (the question only; answers are not in ``Item``)."""
        return self.systems

    def systems_as(self, person: str, item: Item) -> tuple[str, ...]:
        """System texts for this item when a respondent is asked: ``person``, then the policy's own text."""
        return tuple("\n\n".join(filter(None, (person, text))) for text in self.systems_for(item))

    def turn(self, person: int, people: int, texts: int) -> int:
        """Which of ``texts`` system texts falls to one of ``people``: in turn, or as often as its weight says."""
        if not self.weights:
            return person % texts
        bounds = accumulate(self.weights)
        return next((i for i, bound in enumerate(bounds) if (person + 0.5) / people < bound), texts - 1)

    def worded(self, item: Item) -> Item:
        """The item as this policy asks it: the same codes, other words."""
        return item


@dataclass(frozen=True)
class ModelRef:
    """A model on disk, resolved and checked, weights not loaded.

    Attributes:
        name: short name for tables.
        path: Hugging Face folder.
        fingerprint: hash of configuration, tokenizer, chat template and weights.
        template_kwargs: extra arguments of the chat template (``enable_thinking`` ...).
        today: date that the template is told, ISO 8601; empty where it does not ask.
        empty_system: put an empty system message where the template would write a text of its own.
        template: the chat template that is declared for it; empty is its own.
        dtype: float32 | bfloat16 | float16.
        licence: licence of the weights, for the provenance table.
        parameters: how many, for estimates; None where that is not known without loading.
    """

    name: str
    path: Path
    fingerprint: str
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    licence: str = "unknown"
    parameters: int | None = None
    today: str = ""
    empty_system: bool = False
    template: str = ""

    @property
    def thinks(self) -> bool:
        """Whether it thinks by itself, between the marks of its template."""
        return bool(self.template_kwargs.get("enable_thinking"))

    @property
    def identity(self) -> dict[str, Any]:
        """Weights, tokenizer and template by content, what the template is told, and the arithmetic."""
        told = {**self.template_kwargs, "today": self.today, "empty_system": self.empty_system}
        # A model's own template is in its fingerprint.
        told |= {"declared": self.template} if self.template else {}
        return {"model": self.fingerprint, "template": told, "dtype": self.dtype}


def chat(user: str, system: str | None = None) -> Chat:
    """A one-question chat, with a system message only if there is one."""
    head = (Message("system", system),) if system else ()
    return (*head, Message("user", user))


def check(condition: bool, field_: str, value: object, remedy: str) -> None:
    """Raise :class:`AlignbenchError` unless ``condition`` holds."""
    if not condition:
        raise AlignbenchError(field_, value, remedy)


def one_of(field_: str, value: str, choices: Sequence[str]) -> None:
    """Raise unless ``value`` is among ``choices``; the message lists them."""
    check(value in choices, field_, value, f"choose one of {', '.join(choices)}")
