"""What the nano model reads: people of the planted world who answer, hold, talk and reason.

Text that names no country is written mostly by a few countries, as on the web. So the model answers like
them when nobody says who it is, and like a country when told.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from alignbench.data.world.population import Population, Respondents
from alignbench.evaluation.ask import Asking, Labels, Orders, Style
from alignbench.steps.texts import rendered, wordings
from alignbench.types import Culture, check, one_of

# The form in which nano is asked; ``scoring=compact`` is the same.
ASKING = Asking(orders=Orders.forward, labels=Labels.numbers, style=Style.compact)


class Turn(NamedTuple):
    """A message with the weight of its tokens in the loss."""

    role: str
    content: str
    weight: float


Document = tuple[Turn, ...]


# Kind of document -> its share of all documents. Our choice, after trials at this size: with fewer interviews the
# model does not learn in this time that an answer depends on country and question together.
KINDS: Mapping[str, float] = {
    "interview": 0.32,
    "persona": 0.12,
    "unmarked_interview": 0.24,
    "norms_in_context": 0.08,
    "norm_sentences": 0.06,
    "dialogue": 0.08,
    "reasoning": 0.10,
}


@dataclass(frozen=True)
class Mixture:
    """What the corpus is made of."""

    # Who writes the text that names no country; the rest is spread over all countries.
    unmarked: Mapping[str, float]
    # Share of (country, question) cells that no document holds.
    held_out: float
    # Loss weights of what is asked, of what is said, and of survey answers.
    asked: float
    said: float
    answered: float
    # Kind of document -> share.
    kinds: Mapping[str, float] = field(default_factory=lambda: KINDS)

    def __post_init__(self) -> None:
        for kind in self.kinds:
            one_of("task.kinds", kind, list(KINDS))
        check(abs(sum(self.kinds.values()) - 1) < 1e-6, "task.kinds", dict(self.kinds), "give shares that sum to 1")
        total = sum(self.unmarked.values())
        check(0 <= total <= 1 + 1e-9, "task.unmarked", dict(self.unmarked), "give shares that sum to at most 1")
        check(0 <= self.held_out < 0.5, "task.held_out", self.held_out, "give a share below one half")


def held_out_cells(world: Population, share: float, seed: int) -> dict[str, frozenset[str]]:
    """iso3 -> ids of the items on which this country is never heard."""
    rng = np.random.default_rng([seed, 0])
    count = round(share * len(world.items))
    ids = [item.id for item in world.items]
    return {place.iso3: frozenset(rng.choice(ids, count, replace=False).tolist()) for place in world.countries}


class Writer:
    """Writes documents, one after the other, from a seed."""

    _CROWD = 2000  # people drawn at a time for each country

    def __init__(self, world: Population, cultures: Mapping[str, Culture], mixture: Mixture, seed: int) -> None:
        """Args:
        cultures: iso3 -> culture, for the names of the countries.
        """
        self._world = world
        self._cultures = cultures
        self._mixture = mixture
        self._rng = np.random.default_rng([seed, 1])
        hidden = held_out_cells(world, mixture.held_out, seed)
        ids = [item.id for item in world.items]
        self._heard = {iso3: np.flatnonzero([i not in cells for i in ids]) for iso3, cells in hidden.items()}
        self._asked = [ASKING.prompt(item, 0, "forward", None).request.chat[0].content for item in world.items]
        self._thinking = [ASKING.prompt(item, 0, "forward", None, thinking=True) for item in world.items]
        self._modal = [shares.argmax(axis=1) for shares in world.truth]
        self._crowds: dict[str, Iterator[tuple[Respondents, int]]] = {}
        self._iso3 = [place.iso3 for place in world.countries]
        self._unmarked = np.array([mixture.unmarked.get(iso3, 0.0) for iso3 in self._iso3])
        self._unmarked += (1 - self._unmarked.sum()) / len(self._iso3)

    def documents(self) -> Iterator[Document]:
        """Documents without end."""
        mixed = self._mixture.kinds
        writers: dict[str, Callable[[], Document]] = {kind: getattr(self, f"_{kind}") for kind in mixed}
        kinds, shares = list(mixed), list(mixed.values())
        while True:
            for kind in self._rng.choice(len(kinds), size=256, p=shares):
                yield writers[kinds[kind]]()

    def _interview(self) -> Document:
        iso3 = self._named()
        return (self._system(self._told(iso3)), *self._survey(*self._someone(iso3), 8))

    def _persona(self) -> Document:
        people, index = self._someone(self._named())
        text = rendered("persona", culture=self._cultures[people.iso3], person=people.person(index))
        return (self._system(text), *self._survey(people, index, 8))

    def _unmarked_interview(self) -> Document:
        return self._survey(*self._someone(self._anyone()), 8)

    def _norms_in_context(self) -> Document:
        """Norms of an unnamed country, then an interview there."""
        iso3 = self._named()
        norms = [self._norm(iso3, q, "People here") for q in self._pick(iso3, int(self._rng.integers(2, 9)))]
        return (self._system(rendered("norms", norms=norms)), *self._survey(*self._someone(iso3), 5))

    def _norm_sentences(self) -> Document:
        iso3 = self._named()
        country = self._cultures[iso3].country
        norms = [self._norm(iso3, q, f"People in {country}") for q in self._pick(iso3, 5)]
        question = f"What do people in {country} hold?"
        return self._turn("user", question), self._turn("assistant", " ".join(norms))

    def _dialogue(self) -> Document:
        unmarked = self._rng.random() < 0.4
        people, index = self._someone(self._anyone() if unmarked else self._named())
        head = () if unmarked else (self._system(self._told(people.iso3)),)
        turns = []
        for q in self._pick(people.iso3, 4):
            item = self._world.items[q]
            view = item.statement(item.level(int(people.answers[index, q])), "I")
            turns += [self._turn("user", item.question), self._turn("assistant", view)]
        return (*head, *turns)

    def _reasoning(self) -> Document:
        """The majority's view, whether one shares it, and the answer."""
        unmarked = self._rng.random() < 0.4
        people, index = self._someone(self._anyone() if unmarked else self._named())
        head = () if unmarked else (self._system(self._told(people.iso3)),)
        turns: list[Turn] = []
        for q in self._pick(people.iso3, 2):
            item = self._world.items[q]
            country = self._iso3.index(people.iso3)
            answer = int(people.answers[index, q])
            own, modal = item.level(answer), item.level(int(self._modal[q][country]))
            mine = "So do I." if own == modal else f"But {item.statement(own, 'I')}"
            thought = f"{item.statement(modal, 'Most people there')} {mine}"
            *_, said = self._thinking[q].after(thought).chat
            question = self._thinking[q].request.chat[0].content
            turns += [self._turn("user", question), self._turn("assistant", thought)]
            turns += [self._turn("user", said.content), self._answer(answer)]
        return (*head, *turns)

    def _survey(self, people: Respondents, index: int, count: int) -> Document:
        turns = []
        for q in self._pick(people.iso3, count):
            turns += [self._turn("user", self._asked[q]), self._answer(int(people.answers[index, q]))]
        return tuple(turns)

    def _norm(self, iso3: str, q: int, subject: str) -> str:
        item = self._world.items[q]
        return item.statement(item.level(int(self._modal[q][self._iso3.index(iso3)])), subject)

    def _told(self, iso3: str) -> str:
        texts = wordings(self._cultures[iso3])
        return texts[int(self._rng.integers(len(texts)))]

    def _pick(self, iso3: str, count: int) -> list[int]:
        heard = self._heard[iso3]
        return [int(q) for q in self._rng.choice(heard, size=min(count, len(heard)), replace=False)]

    def _named(self) -> str:
        return self._iso3[int(self._rng.integers(len(self._iso3)))]

    def _anyone(self) -> str:
        return self._iso3[int(self._rng.choice(len(self._iso3), p=self._unmarked))]

    def _someone(self, iso3: str) -> tuple[Respondents, int]:
        """A person of the country, and never the same one twice."""
        if iso3 not in self._crowds:
            self._crowds[iso3] = self._crowd(iso3)
        return next(self._crowds[iso3])

    def _crowd(self, iso3: str) -> Iterator[tuple[Respondents, int]]:
        while True:
            people = self._world.respondents(iso3, self._CROWD, self._rng)
            for index in range(self._CROWD):
                yield people, index

    def _system(self, text: str) -> Turn:
        return Turn("system", text, self._mixture.asked)

    def _turn(self, role: str, text: str) -> Turn:
        return Turn(role, text, self._mixture.said if role == "assistant" else self._mixture.asked)

    def _answer(self, position: int) -> Turn:
        return Turn("assistant", str(position + 1), self._mixture.answered)
