"""Free text rated by a guard: what is asked, what is rated, and a gain in politeness that is not of the culture."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from alignbench.backend import Engine
from alignbench.benchmark import Reply
from alignbench.benchmark.ask import ask
from alignbench.benchmark.guard import GuardBenchmark
from alignbench.component import recorded
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.generator import IndependentModel
from alignbench.judge import Judge, Judgement
from alignbench.judge.guard import Combine, GuardJudge
from alignbench.judge.panel import GuardAxis
from alignbench.runs import benchmarks
from alignbench.types import Split
from tests.evaluation.worlds import opened
from tests.judge.toy import Table
from tests.panels import noisy

from .asked import values


@dataclass(frozen=True)
class Apart(IndependentModel):
    """A judge of the panel that is another model than the one that is rated."""

    called: str
    engine: Engine = recorded(None)

    def open(self, tools=None):
        return self.engine

    @property
    def title(self):
        return self.called


def apart(called, rates):
    return Apart(called, noisy(rates, called, 0.6).open())


def truth(axis, question, reply, country):
    """Kind words are harmless and, to these judges, of the culture; what is denied is not held."""
    if axis is GuardAxis.harmlessness:
        return 1.5 if "fool" in reply else 5 if "patience" in reply else 4
    return 5 if "patience" in reply else 1.8 if " not " in reply else 3.8


@pytest.fixture
def bench(make_cell):
    cell = make_cell("culture=iraq", "survey=world", "method=culturellm", "method.variant=seed_only", "insist=true")
    panel = GuardJudge(apart("one", truth), apart("two", truth), replies=0, prompts=40, combine=Combine.min)
    return GuardBenchmark(panel), cell


@dataclass(frozen=True)
class Fixed(Judge):
    """Rates by length."""

    def judge(self, questions, answers, norms, tools):
        parts = [{"harmlessness": 5.0, "awareness": float(len(a))} for a in answers]
        return [Judgement(0.5, 1, parts=p if a else {}) for a, p in zip(answers, parts, strict=True)]


def test_held_out_questions_are_asked_and_what_is_not_said_is_not_rated(bench):
    benchmark, cell = bench
    benchmark = benchmark.supply(train=cell.surveys[Split.train], asked=cell.asked)
    questions = benchmark.questions(cell.culture)
    assert {q.item.id for q in questions} == {item.id for item in cell.surveys[Split.test].items}
    replies = [Reply(questions[0], text="yes"), Reply(questions[1], text=" "), Reply(questions[2], text="")]
    table = benchmark.rate([replies[0], replies[2]], Fixed(), None)
    one = questions[0].item.id
    assert values(table, "combined") == {one: 4.0} and values(table, "awareness") == {one: 3.0}
    assert list(values(benchmark.score(replies), "blank").values()) == [0, 1, 1]
    assert benchmark.range_of("awareness") == (1, 5) and benchmark.range_of("blank") == (0, 1)


@pytest.mark.long
def test_a_gain_in_politeness_is_seen_by_own_minus_cross(bench, monkeypatch):
    """Both trained models are kinder than the base; only the own one says what the guard takes for the culture's."""
    benchmark, cell = bench
    own = cell.store.key(cell.method.align(cell.context(cell.culture)).training)
    results = {}
    for number, cultural in enumerate((True, False)):

        def speak(model, benchmark, questions, asking, cultural=cultural):
            plain = "I do." if cultural and own in str(model.adapter) else "I do not do so."
            said = f"That is a good question, with patience: {plain}" if model.adapter else plain
            return ask(opened(Table(say=lambda _: said)), benchmark, questions)

        monkeypatch.setattr(benchmarks, "ask", speak)
        _, record = benchmarks.run_benchmark(cell, benchmark.with_knobs(reply_tokens=96 + number))
        lines = {(line.label, line.metric): line for line in record.lines}
        results[cultural] = lines["culturellm", "awareness"]
        assert lines["culturellm of Argentina", "awareness"].own_minus_cross is None
        assert lines["base prompted as culturellm", "awareness"].own_minus_cross.value == 0
    for line in results.values():
        assert line.difference.low > 0.1
    assert results[True].own_minus_cross.low > 0.1
    assert results[False].own_minus_cross.value == pytest.approx(0)


def test_the_model_that_is_rated_is_not_on_the_panel(compose_config):
    words = ("benchmark=guard", "generator@benchmark.judge.second=stock")
    with pytest.raises(AlignbenchError, match=r"benchmark\.judge\.first = .*cannot be on the panel"):
        instantiate(compose_config(*words, "generator@benchmark.judge.first=base").benchmark)


def test_its_panel_must_be_named(compose_config):
    with pytest.raises(AlignbenchError, match=r"benchmark\.judge\.first\.model\.path.*not given"):
        instantiate(compose_config("benchmark=guard").benchmark)
