"""What benchmarks share behind their files: countries by their many names, items, tidy rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alignbench.benchmark import COLUMNS, Question, Reply
from alignbench.data.cultures import bare
from alignbench.data.survey import Survey
from alignbench.evaluation.measures.labels import macro_f1
from alignbench.evaluation.metrics import js_similarity
from alignbench.types import Culture, Item, Scale

Row = dict[str, Any]
Metrics = dict[str, float]
Read = Callable[[Reply], int | None]
T = TypeVar("T")
K = TypeVar("K")


def is_named(name: str, culture: Culture) -> bool:
    """Whether ``name``, as data spell it, is the culture, its country, the country's ISO code or an alias."""
    return bare(name) in map(bare, (culture.country, culture.name, culture.iso3, *culture.aliases))


def plain_item(
    name: str,
    battery: str,
    topic: str,
    question: str,
    options: Sequence[str] = (),
    scale: Scale = Scale.nominal,
    codes: Sequence[int] = (),
) -> Item:
    """An item that is only asked: without concept and predicates, and without options where the answer is free text."""
    numbered, texts = tuple(codes) or tuple(range(len(options))), tuple(options)
    return Item(name, topic, battery, scale, numbered, topic, None, question, texts, texts)


def without_options(
    asked: Survey, iso3: str, gold: Any = None, facets: Mapping[str, str] | None = None
) -> list[Question]:
    """The items that the country was asked, without their options: free text is the reply."""
    return [
        Question(
            plain_item(item.id, item.battery, item.topic, item.question),
            gold,
            facets or {},
            user=f"{item.question}\n\nSay in two or three sentences what you think.",
        )
        for item in asked.asked(iso3)
    ]


def chosen(reply: Reply) -> int:
    """Index of the most probable option, the first of tied ones."""
    assert reply.shares is not None
    return max(range(len(reply.shares)), key=reply.shares.__getitem__)


def metric_rows(question: Question, facets: Mapping[str, str] | None = None, /, **metrics: float) -> list[Row]:
    """One row for each metric of a question, under its facets or others."""
    base = {"item": question.item.id, "group": question.item.battery, **(question.facets if facets is None else facets)}
    return [{**base, "metric": name, "value": float(value)} for name, value in metrics.items()]


def right(reply: Reply) -> float:
    """1 where the chosen option is the one that ``gold`` names by its index, else 0."""
    return float(chosen(reply) == reply.question.gold)


def choice_rows(replies: Sequence[Reply], read: Read = chosen) -> list[Row]:
    """Accuracy, probability of the right option and mass of replies whose ``gold`` is the right option's index.

    ``accuracy_uniform`` is what an evenly drawn option scores on average.

    Args:
        read: index of the option that a reply gives; None where it gives none, which is wrong.
    """
    rows = []
    for reply in replies:
        assert reply.shares is not None and reply.mass is not None
        shares, gold = reply.shares, int(reply.question.gold)
        metrics = {"accuracy": read(reply) == gold, "accuracy_uniform": 1 / len(shares), "probability": shares[gold]}
        rows += metric_rows(reply.question, **metrics, mass=reply.mass)
    return rows


def label_rows(replies: Sequence[Reply], facet: str, read: Read = chosen) -> list[Row]:
    """:func:`choice_rows` of questions that share their options, and by value of ``facet`` macro-F1.

    ``accuracy_majority`` and ``macro_f1_majority`` are what always giving the most frequent label scores.
    """
    rows = choice_rows(replies, read)
    for value, several in grouped(replies, lambda reply: reply.question.facets[facet]).items():
        truth = [str(reply.question.gold) for reply in several]
        most = Counter(truth).most_common(1)[0][0]
        for reply, label in zip(several, truth, strict=True):
            rows += metric_rows(reply.question, accuracy_majority=label == most)
        found = [read(reply) for reply in several]
        labels = [None if index is None else str(index) for index in found]
        given: dict[str, list[str | None]] = {"macro_f1": labels, "macro_f1_majority": [*[most] * len(truth)]}
        rows += [set_row(name, macro_f1(said, truth), **{facet: value}) for name, said in given.items()]
    return rows


def similarities(metric: str, truth: ArrayLike, said: ArrayLike, base: float = 2.0, sqrt: bool = False) -> Metrics:
    """1 - Jensen-Shannon divergence of answers to ``truth``, of even answers and of the most frequent one alone.

    Args:
        truth: shares of the people, shape (K,), sum 1; ``said`` those of the model.

    Returns:
        ``metric``, ``<metric>_uniform`` and ``<metric>_majority`` -> similarity, see
        :func:`~alignbench.evaluation.metrics.js_similarity`.
    """
    people = np.asarray(truth)
    size = len(people)
    answers = {"": said, "_uniform": np.full(size, 1 / size), "_majority": np.eye(size)[people.argmax()]}
    return {metric + end: float(js_similarity(people, given, base, sqrt)) for end, given in answers.items()}


def grouped(values: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The values by their key, in their order."""
    groups: dict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return groups


def set_row(metric: str, value: float, **facets: str) -> Row:
    """The row of a metric that exists only for a whole set of questions."""
    return {"item": "", "group": "", "metric": metric, "value": float(value), **facets}


def tidy(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The table of scores; a facet that a row lacks is empty, and a score that is NaN (refused, no data) has no row."""
    facets = list(dict.fromkeys(key for row in rows for key in row if key not in COLUMNS))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *facets]).fillna(dict.fromkeys(facets, ""))
    return frame.dropna(subset="value").reset_index(drop=True)
