"""Pairs of answers and a judge: who wins, what is counted apart, and against whom a model is set."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from alignbench.backend import Engine
from alignbench.benchmark.ask import ask
from alignbench.benchmark.win_rate import Rules, WinRate, parse_verdict
from alignbench.component import recorded
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.evaluation.statistics import Bootstrap, interval
from alignbench.generator import IndependentModel
from alignbench.runs import benchmarks
from alignbench.types import Split
from tests.evaluation.worlds import opened
from tests.judge.toy import Table

from .asked import values

OUTCOMES = ("wins", "ties", "inconsistent", "losses", "unread")


@dataclass(frozen=True)
class Rater(IndependentModel):
    table: Engine = recorded(Table())
    title = "rater"

    def open(self, tools=None):
        return self.table


@pytest.fixture
def bench(make_cell):
    """The benchmark on the survey of a cell, and the cell; a judge is given by each test."""
    cell = make_cell("culture=iraq", "method=cultural_prompt", "control=false")
    supplied = WinRate(Rater(Table())).supply(train=cell.surveys[Split.train], asked=cell.surveys[Split.test])
    return supplied, cell


def compared(bench, judge, own="no", other="yes"):
    """The table of a pair of models, one of which always says ``own`` and the other ``other``."""
    knobs, cell = bench
    questions = knobs.questions(cell.culture)
    said = [ask(opened(Table(say=lambda _, text=text: text)), knobs, questions) for text in (own, other)]
    return knobs.with_knobs(judge=Rater(judge)).compare(*said, "base", cell.tools), questions


def shares(table):
    return {name: table[table["metric"] == name]["value"].mean() for name in OUTCOMES}


def prefers(text):
    """A judge that knows which answer is right."""
    return Table(say=lambda asked: f"Because.\nBETTER: {'A' if f'Answer A: {text}' in asked else 'B'}")


@pytest.mark.long
def test_a_judge_that_knows_the_truth_gives_every_pair_to_it(bench):
    table, questions = compared(bench, prefers("no"))
    assert values(table, "win_rate") == {q.item.id: 1.0 for q in questions} and len(questions) > 30
    assert shares(table) == dict.fromkeys(OUTCOMES, 0.0) | {"wins": 1.0}
    assert set(table["against"]) == {"base"}
    lost, _ = compared(bench, prefers("yes"))
    assert set(values(lost, "win_rate").values()) == {0.0} and shares(lost)["losses"] == 1.0


def test_a_judge_that_always_takes_the_first_is_inconsistent_everywhere_and_decides_nothing(bench):
    table, _ = compared(bench, Table(say=lambda _: "BETTER: A"))
    assert set(values(table, "win_rate").values()) == {0.5} and shares(table)["inconsistent"] == 1.0


def test_ties_count_half_and_what_cannot_be_read_is_left_out_and_counted(bench):
    table, _ = compared(bench, Table(say=lambda _: "Both.\n**BETTER: TIE**"))
    assert set(values(table, "win_rate").values()) == {0.5} and shares(table)["ties"] == 1.0
    mumbling = Table(say=lambda asked: "BETTER: B" if "Answer A: no" in asked else "I like both.")
    table, _ = compared(bench, mumbling)
    assert not values(table, "win_rate") and shares(table)["unread"] == 1.0
    alike = Table()
    table, _ = compared(bench, alike, own="yes")
    assert shares(table)["ties"] == 1.0 and not alike.asked


def test_the_win_rate_of_a_judge_that_likes_half_of_the_questions_has_its_interval_over_batteries(bench):
    _, questions = compared(bench, Table())
    liked = {q.item.question for q in questions[::2]}
    judge = Table(
        say=lambda asked: f"BETTER: {'AB'[('Answer A: no' in asked) != any(f'Question: {q}' in asked for q in liked)]}"
    )
    table, _ = compared(bench, judge)
    rate = table[table["metric"] == "win_rate"]
    found = interval(rate["value"].to_numpy(), rate["group"].tolist(), Bootstrap(200, 0, 0.95)).within(0.0, 1.0)
    assert found.value == pytest.approx(len(liked) / len(questions))
    assert 0 < found.low < found.value < found.high < 1


@pytest.mark.parametrize("rules", Rules)
def test_the_judge_sees_the_norms_the_question_and_both_answers_in_both_orders(bench, rules):
    knobs, cell = bench
    judge = Table(say=lambda _: "BETTER: A")
    compared((knobs.with_knobs(rules=rules), cell), judge)
    first = next(text for text in judge.asked if "Answer A: no" in text)
    assert first.replace("A: no", "A: yes").replace("B: yes", "B: no") in judge.asked
    held = [line for line in first.splitlines() if line[:1].isdigit()]
    of = Split.train if rules is Rules.pool else Split.test
    sentences = {
        item.statement(level, "People in Iraq")
        for item in cell.surveys[of].asked("IRQ")
        for level in range(len(item.predicates))
    }
    assert all(line.partition(". ")[2] in sentences for line in held)
    assert (len(held) == 1) is (rules is Rules.asked) and len(held) <= 62


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        ("BETTER: A", "A"),
        ("why\n**Better: answer B.**", "B"),
        ("better = tie\n", "TIE"),
        ("BETTER: A or B", None),
        ("", None),
    ],
)
def test_only_a_last_line_with_one_verdict_counts(output, verdict):
    assert parse_verdict(output) == verdict


@pytest.mark.long
def test_a_trained_model_is_set_against_the_base_told_the_same_words(make_cell, monkeypatch):
    """And all that a judge saw is read back from the store."""
    cell = make_cell("culture=iraq", "method=culturellm", "method.variant=seed_only")
    spoken = []

    def speak(model, benchmark, questions, asking):
        spoken.append(model)
        text = "no" if model.adapter else "yes"
        return ask(opened(Table(say=lambda _: text)), benchmark, questions)

    monkeypatch.setattr(benchmarks, "ask", speak)
    _, record = benchmarks.run_benchmark(cell, WinRate(Rater(prefers("no"))))
    rates = {line.label: (line.value.value, line.facets) for line in record.lines if line.metric == "win_rate"}
    assert rates == {
        "culturellm": (1.0, "base prompted as culturellm"),
        "base prompted as culturellm": (0.5, "base"),
        "culturellm of Argentina": (1.0, "base prompted as culturellm of Argentina"),
        "base prompted as culturellm of Argentina": (0.5, "base"),
        "cultural_prompt": (0.5, "base"),
    }
    assert all(line.difference is None for line in record.lines if line.metric == "win_rate")
    assert {line.label for line in record.lines if line.metric == "words"} == {*rates, "base"}


def test_a_model_cannot_judge_itself(compose_config):
    with pytest.raises(AlignbenchError, match="judge"):
        instantiate(compose_config("benchmark=win_rate", "generator@benchmark.judge=base").benchmark)
