"""Another benchmark than the survey: it resumes after a kill, and pairs what it asked."""

from types import SimpleNamespace

import pytest

from alignbench.benchmark.ask import ask
from alignbench.benchmark.neutral import Neutral
from alignbench.evaluation.ask import Asking
from alignbench.runs import benchmarks
from alignbench.types import Culture
from tests.evaluation.worlds import TableEngine, opened

KNOBS = Neutral()
QUESTIONS = KNOBS.questions(Culture())


def even(chat, options):
    return [-0.1 * k * len(chat[-1].content) for k in range(len(options))]


def replies_of(engine, folder):
    """The replies of a model on that engine."""
    model = SimpleNamespace(at_work=lambda tools: opened(engine))
    return benchmarks.Replies(model, KNOBS, QUESTIONS, Asking())._replies(folder, None)


def test_a_killed_benchmark_goes_on_after_its_last_whole_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "_CHUNK", 25)
    dying, fresh = TableEngine(even, dies_after=1), TableEngine(even)
    with pytest.raises(KeyboardInterrupt):
        replies_of(dying, tmp_path)
    replies = replies_of(fresh, tmp_path)
    assert [len(call) for call in fresh.calls] == [50, 20]  # two orders of 25, then of the last 10 questions
    assert replies == ask(opened(TableEngine(even)), KNOBS, QUESTIONS)
    again = TableEngine(even)
    assert replies_of(again, tmp_path) == replies and not again.calls


def test_a_trained_and_prompted_model_is_compared_with_the_base_given_the_same_prompt(make_cell):
    cell = make_cell(
        "culture=iraq", "method=culturellm", "method.variant=seed_only", "benchmark=neutral", "control=false"
    )
    _, record = benchmarks.run_benchmark(cell, KNOBS)
    against = {line.label: line.against for line in record.lines}
    assert against["culturellm"] == "base prompted as culturellm" and against["base prompted as culturellm"] == "base"
    assert against["base"] is None and against["cultural_prompt"] == "base"
