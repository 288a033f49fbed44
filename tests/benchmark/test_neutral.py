"""The neutral control: its questions, and what a model that knows, guesses or forgot scores on them."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alignbench.benchmark.ask import ask
from alignbench.benchmark.menavalues import MenaValues
from alignbench.benchmark.neutral import Neutral
from alignbench.evaluation.ask import Asking, Labels, Orders, Style
from alignbench.evaluation.statistics import Bootstrap, interval
from alignbench.identity import identity
from alignbench.runs.benchmarks import summary
from tests.evaluation.worlds import TableEngine, opened

from .asked import KOREA, USA, scored

KNOBS = Neutral()
RIGHT = {q.item.question: q.item.options[q.gold] for q in KNOBS.questions(USA)}


def by_text(prefer):
    """An engine that gives most weight to the label of the option for which ``prefer(question, text)`` holds."""

    def answer(chat, options):
        text = chat[-1].content
        question = text.splitlines()[0]
        listed = dict(line.split(". ", 1) for line in text.splitlines() if line[1:3] == ". ")
        return [0.0 if prefer(question, listed[label]) else -3.0 for label in options]

    return TableEngine(answer)


def test_sixty_questions_in_four_fields_with_balanced_places() -> None:
    questions = KNOBS.questions(USA)
    assert len({q.item.question for q in questions}) == len(questions) == 60
    assert Counter(q.gold for q in questions) == {0: 15, 1: 15, 2: 15, 3: 15}
    assert set(Counter(q.item.topic for q in questions).values()) == {15}
    assert set(Counter(q.item.battery for q in questions).values()) == {5}
    assert all(len(set(q.item.options)) == 4 for q in questions)
    assert questions == KNOBS.questions(KOREA)


def test_sums_and_products_are_right() -> None:
    for question, right in RIGHT.items():
        words = question.removeprefix("What is ").removesuffix("?").replace("times", "*").replace("divided by", "//")
        if set(words) <= set("0123456789 +-*/"):
            assert eval(words) == int(right), question


def test_who_knows_scores_one_and_who_looks_at_the_place_a_quarter() -> None:
    table = scored(KNOBS, by_text(lambda question, text: text == RIGHT[question]), USA)
    means = table.groupby("metric")["value"].mean()
    assert (means["accuracy"], means["accuracy_uniform"], means["mass"]) == (1, 0.25, 0.5)
    assert means["probability"] == pytest.approx(1 / (1 + 3 * 2.718281828**-3))
    blind = TableEngine(lambda chat, options: [-float(k) for k in range(len(options))])
    assert scored(KNOBS, blind, USA).groupby("metric")["value"].mean()["probability"] == pytest.approx(0.25)


def test_forgetting_is_a_paired_fall_with_an_interval() -> None:
    knows = by_text(lambda question, text: text == RIGHT[question])
    lost = [question for question in RIGHT if len(question) % 3 == 0]
    forgot = by_text(lambda question, text: (text == RIGHT[question]) == (question not in lost))
    table = [scored(KNOBS, engine, USA).assign(label=name) for name, engine in (("base", knows), ("tuned", forgot))]
    found = summary(
        pd.concat(table),
        Bootstrap(200),
        {"base": "b", "tuned": "t"},
        {"base": "base", "tuned": "method"},
        {"base": None, "tuned": "base"},
        KNOBS.range_of,
    )
    lines = {(line.label, line.metric): line for line in found}
    change = lines["tuned", "accuracy"].difference
    assert change.value == pytest.approx(-len(lost) / 60)
    assert change.low < change.value < change.high < 0
    assert change.batteries == 12 and change.detectable > 0
    assert lines["base", "accuracy"].difference is None and lines["tuned", "accuracy"].key == "t"


def test_intervals_end_where_the_metric_does() -> None:
    groups = [f"g{k % 8}" for k in range(24)]
    values = 1 - np.random.default_rng(0).exponential(0.05, 24)
    table = pd.DataFrame({"item": range(24), "group": groups, "metric": "accuracy", "value": values, "label": "base"})
    rated = table.assign(metric="rating", value=1 + 4 * (1 - values))
    kinds, ranges = {"base": "base", "tuned": "method"}, {"accuracy": (0.0, 0.94), "rating": (1.2, 5.0)}
    frames = pd.concat([table, rated, table.assign(label="tuned", value=values / 50)])
    assert interval(values, groups, Bootstrap(500)).high > 0.94
    against = {"base": None, "tuned": "base"}
    found = summary(frames, Bootstrap(500), dict.fromkeys(kinds, "k"), kinds, against, ranges.__getitem__)
    lines = {(line.label, line.metric): line for line in found}
    assert lines["base", "accuracy"].value.high == 0.94 and lines["base", "rating"].value.low == 1.2
    assert lines["tuned", "accuracy"].difference.low == -0.94 and lines["tuned", "accuracy"].kind == "method"
    assert MenaValues().range_of("nvas") == (0, 100) and MenaValues().range_of("kld_uniform")[1] == math.inf


def test_the_compact_form_asks_without_listing() -> None:
    heard = []
    engine = TableEngine(lambda chat, options: heard.append(chat[-1].content) or [0.0] * len(options))
    form = Asking(orders=Orders.forward, labels=Labels.numbers, style=Style.compact)
    replies = ask(opened(engine), KNOBS, KNOBS.questions(USA), form)
    assert len(replies) == len(heard) == 60
    assert heard[0] == "What is 17 + 25? (1-4)"


def test_no_file_of_the_user_is_needed() -> None:
    assert all(Path(file).is_file() for file in KNOBS.files) and identity(KNOBS)["class"] == "Neutral"
