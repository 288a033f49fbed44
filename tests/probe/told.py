"""Models written down by hand, that answer the planted world's questions by the name that they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np

from alignbench.backend import Engine, Usage
from alignbench.runs.cell import Cell
from alignbench.store.store import Store
from alignbench.types import Item, ModelRef, OptionScores

# Item and the country that the system text names (None: none that is known; its text is given, too) -> shares.
Answer = Callable[[Item, str | None, str], np.ndarray]


class _Told(Engine):
    """Answers in full; draws an answer by its shares."""

    def __init__(self, model: ModelRef, cell: Cell, answer: Answer) -> None:
        self.model, self.usage, self._answer = model, Usage(), answer
        self._items = {item.question: item for item in cell.survey.items}
        self._names = {name: iso3 for iso3, name in cell.countries.items()}

    def score(self, chats, options, adapter=None):
        return [
            OptionScores(tuple(np.log(self._shares(chat, asked)).tolist()), 0.9)
            for chat, asked in zip(chats, options, strict=True)
        ]

    def generate(self, chats, sampling, adapter=None):
        return [["I would rather not say."] * sampling.n for _ in chats]

    def close(self) -> None: ...

    def _shares(self, chat, options) -> np.ndarray:
        asked = chat[-1].content
        item = next(item for question, item in self._items.items() if question in asked)
        system = chat[0].content if chat[0].role == "system" else ""
        country = next((iso3 for name, iso3 in self._names.items() if name in system), None)
        shares = np.maximum(self._answer(item, country, system), 1e-6)
        first, last = (asked.find(f"{option}") for option in (item.options[0], item.options[-1]))
        backward = item.poles is None and first > last >= 0
        return shares[::-1] if backward else shares


@dataclass(frozen=True)
class _Opens:
    engine: Engine

    def __call__(self, model: ModelRef) -> Engine:
        return self.engine

    def close(self) -> None: ...


def told_cell(cell: Cell, answer: Answer, root: Path) -> Cell:
    """The cell with a model that answers by ``answer``, in a store of its own."""
    return replace(cell, store=Store(root, _Opens(_Told(cell.model, cell, answer))))


def models(cell: Cell) -> Mapping[str, Answer]:
    """By name; each says to a stranger what people of all countries together say."""
    answers = cell.survey.answers

    def mean(item: Item) -> np.ndarray:
        return np.mean([known[item.id].shares for known in answers.values() if item.id in known], axis=0)

    def towards(part: float) -> Answer:
        def answer(item: Item, country: str | None, system: str) -> np.ndarray:
            middle = mean(item)
            away = np.array(answers[country][item.id].shares) - middle if country else 0 * middle
            shares = np.maximum(middle + part * away, 1e-4)
            return shares / shares.sum()

        return answer

    def spelling(item: Item, country: str | None, system: str) -> np.ndarray:
        drawn = np.random.default_rng(crc32(f"{system}/{item.battery}".encode())).normal(size=len(item.codes))
        shares = mean(item) * np.exp(0.4 * drawn)
        return shares / shares.sum()

    return {"ignores": towards(0.0), "knows": towards(0.5), "wrong": towards(-0.5), "spelling": spelling}
