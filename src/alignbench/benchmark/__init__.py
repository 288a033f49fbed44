"""Benchmarks other than the survey: one protocol, one item type, provenance required of each.

A benchmark turns files into :class:`Question`, and the model's :class:`Reply` into tidy rows. How questions reach a
model is written once, in ``ask``. Where data may not be shipped, the loader takes a local path or a hub id and says
where to get it and under which licence.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.component import Component
from alignbench.data.checks import existing
from alignbench.identity import spelt_out
from alignbench.judge import Judge
from alignbench.store.stage import Tools
from alignbench.types import Culture, Item, Sampling

# Columns of every table of scores; facets of the questions come on top.
COLUMNS = ("item", "group", "metric", "value")


@dataclass(frozen=True)
class Provenance:
    """What a reader must know before trusting a number.

    Attributes:
        population: who answered or annotated.
        collection: how the data came about.
        licence: of the data; ``source`` says where to get them.
        assumptions: what scoring takes for granted.
    """

    population: str
    year: str
    language: str
    collection: str
    licence: str
    source: str
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """Something to ask a model, and the truth that it never sees.

    Attributes:
        item: what is asked. Its ``battery`` is the group that the bootstrap draws; ``options`` are empty where the
            answer is free text.
        gold: JSON-able truth.
        facets: framing, language and the like; they become columns.
        framing: text that the benchmark itself puts behind the method's system text.
        user: the whole user text; None asks in the form of a survey item.
        choices: what is scored as the reply, in the order of ``item.options``; empty are the survey's labels. Free
            text is generated.
    """

    item: Item
    gold: Any
    facets: Mapping[str, str] = field(default_factory=dict)
    framing: str | None = None
    user: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """A model's answer, averaged over the method's system texts and the orders of the options.

    Attributes:
        shares: probability of each option in the order of ``item.options``, over the options; None for free text.
        mass: probability of the options' first tokens; None for free text.
        text: what was generated; with options only where the benchmark asks for texts, too.
        unclosed: share of the thoughts before it that did not come to an end by themselves; None where the model does
            not think by itself.
    """

    question: Question
    shares: tuple[float, ...] | None = None
    mass: float | None = None
    text: str | None = None
    unclosed: float | None = None


class Benchmark(Component, ABC):
    """Knobs of a benchmark; files are read when questions are asked for, and their content is part of its identity."""

    _group = "benchmark"

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is read; the file at ``path`` if a benchmark says no more."""
        return (Path(self.path),)  # type: ignore[attr-defined]

    @property
    def fingerprint(self) -> str:
        """Hash of the files' content, wherever they lie.

        Raises:
            AlignbenchError: no such file.
        """
        parts = [hashlib.sha256(existing(path).read_bytes()).hexdigest() for path in self.files]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    @property
    def identity(self) -> dict[str, Any]:
        """Knobs and content."""
        return {**spelt_out(self), "data": self.fingerprint}

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """Population, year, language, collection, licence, source, assumptions."""

    def range_of(self, metric: str) -> tuple[float, float]:
        """Least and largest value of a metric of single items, where its intervals end; most are shares."""
        return 0.0, 1.0

    @property
    def texts(self) -> bool:
        """Whether free text is wanted from questions with options, too (refusals, leakage)."""
        return False

    @property
    def max_new_tokens(self) -> int:
        """Length of generated text."""
        return 32

    @property
    def sampling(self) -> Sampling:
        """How text is generated: greedily."""
        return Sampling(self.max_new_tokens)

    @abstractmethod
    def questions(self, culture: Culture) -> list[Question]:
        """What is asked about a culture; empty where the benchmark does not cover it.

        Raises:
            AlignbenchError: no such file, or not in the published format.
        """

    @abstractmethod
    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """One row per item and metric: :data:`COLUMNS`, then the facets.

        Metrics that exist only for a whole set of items have an empty ``item``.
        """


class Pairwise(Benchmark):
    """A benchmark in which the replies of a model are set against those of the base model given the same prompt."""

    @abstractmethod
    def compare(self, own: Sequence[Reply], other: Sequence[Reply], against: str, tools: Tools) -> pd.DataFrame:
        """Further rows on the replies of two models to the same questions.

        Args:
            own: the replies that the rows are about.
            against: whose the others are: the value of the facet of that name.
            tools: open the model that judges.
        """


class Rated(Benchmark):
    """A benchmark whose replies are rated by a judge, which may have been trained for the culture.

    Attributes:
        judge: its knobs; :meth:`rate` is given what is made of them for the culture.
    """

    judge: Judge

    @abstractmethod
    def rate(self, replies: Sequence[Reply], judge: Judge, tools: Tools) -> pd.DataFrame:
        """Further rows on the replies of a model, in the form of :meth:`score`."""
