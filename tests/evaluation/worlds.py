"""Tiny surveys and an engine that answers from a table, shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alignbench.aligned import ModelSession
from alignbench.backend import Engine, Usage
from alignbench.data.items import item_from
from alignbench.data.survey import Survey
from alignbench.evaluation import board as boards
from alignbench.evaluation.board import Row, rows, scored_twice
from alignbench.evaluation.items import BoardEntry, Kind, mean_over_seeds
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.survey import Scoring
from alignbench.types import Answers, Chat, Item, ModelRef, OptionScores, PromptPolicy, Sampling, Scale

REF = ModelRef("table", Path("nowhere"), "fingerprint")


def item(name: str, n: int = 3, battery: str = "b", scale: Scale = Scale.ordinal) -> Item:
    """An item as the loader makes it, so that a ten-point one has its ladder of options."""
    ten_point = scale is Scale.ten_point
    record = {
        "id": name,
        "topic": "topic",
        "battery": battery,
        "scale": scale.name,
        "codes": list(range(1, n + 1)),
        "concept": name,
        "direction": None if scale is Scale.nominal else "more",
        "question": f"What about {name}?",
        "options": [f"{name} option {i}" for i in range(2 if ten_point else n)],
        "predicates": [f"hold {name} {i}" for i in range(5 if ten_point else n)],
    }
    return item_from("test", record)


def survey(items: Sequence[Item], shares: dict[str, dict[str, Sequence[float]]], n: int | None = None) -> Survey:
    answers = {c: {q: Answers(tuple(s), n) for q, s in cells.items()} for c, cells in shares.items()}
    return Survey("tiny", "Tiny", "2000", "none", "none", tuple(items), answers, "print")


@dataclass(frozen=True)
class Entry:
    """A row with the answers, and the option masses if any, of each seed."""

    label: str
    kind: Kind
    distributions: Sequence[Mapping[str, Array]]
    key: str
    masses: Sequence[Mapping[str, float]] = ()
    method: str | None = None
    country: str | None = None
    formats: Sequence[Mapping[str, float]] = ()


def scored(
    entries: Sequence[Entry], survey: Survey, iso3: str, knobs: Scoring, control: str | None = None
) -> list[BoardEntry]:
    """What stands on the board of these entries."""
    made = []
    for e in entries:
        pairs = zip(e.distributions, e.masses or [None] * len(e.distributions), strict=True)
        frames = [scored_twice(dist, mass, survey, iso3, control, knobs) for dist, mass in pairs]
        seeds = tuple(range(len(frames))) if len(frames) > 1 else ()
        made.append(BoardEntry(e.label, e.kind, frames, e.key, e.method, e.country, mean_over_seeds(e.formats), seeds))
    return boards.scored(made, survey, iso3, knobs)


def board(entries: Sequence[Entry], survey: Survey, iso3: str, knobs: Scoring, control: str | None = None) -> list[Row]:
    """The rows of the entries and the references."""
    return rows(scored(entries, survey, iso3, knobs, control=control), knobs.resampling)


def opened(engine: Engine, *systems: str | None, adapter: Path | None = None) -> ModelSession:
    """A model at work on that engine, told these texts."""
    return ModelSession(engine, adapter, PromptPolicy(systems or (None,)))


class TableEngine(Engine):
    """Scores by ``answer(chat, options)``; counts what it was asked and can die after some calls."""

    def __init__(self, answer: Callable[[Chat, Sequence[str]], Sequence[float]], dies_after: int | None = None) -> None:
        self.model = REF
        self.usage = Usage()
        self.answer = answer
        self.dies_after = dies_after
        self.calls: list[list[Chat]] = []
        self.adapters: list[Path | None] = []

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        raise NotImplementedError

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        if self.dies_after is not None and len(self.calls) >= self.dies_after:
            raise KeyboardInterrupt
        self.calls.append(list(chats))
        self.adapters.append(adapter)
        return [OptionScores(tuple(self.answer(c, o)), 0.5) for c, o in zip(chats, options, strict=True)]

    def close(self) -> None:
        pass
