"""Another benchmark than the survey: it resumes after a kill, and pairs what it asked."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from alignbench.aligned import ModelSession
from alignbench.benchmark import Question
from alignbench.benchmark.ask import ask
from alignbench.benchmark.neutral import Neutral
from alignbench.data.languages import phrases
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking
from alignbench.runs import benchmarks
from alignbench.types import Culture, Message, PromptPolicy, Sampling
from tests.evaluation.worlds import REF, TableEngine, item, opened

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


@pytest.mark.long
def test_a_trained_and_prompted_model_is_compared_with_the_base_given_the_same_prompt(make_cell):
    cell = make_cell(
        "culture=iraq", "method=culturellm", "method.variant=seed_only", "benchmark=neutral", "control=false"
    )
    _, record = benchmarks.run_benchmark(cell, KNOBS)
    against = {line.label: line.against for line in record.lines}
    assert against["culturellm"] == "base prompted as culturellm" and against["base prompted as culturellm"] == "base"
    assert against["base"] is None and against["cultural_prompt"] == "base"


class Thinker(TableEngine):
    """Has thoughts on every chat, which end unless the chat speaks of "long"; says at what length it was asked."""

    def __init__(self, thinks=True):
        super().__init__(lambda chat, options: [float(len(chat)), *[0.0] * (len(options) - 1)])
        self.model = replace(REF, template_kwargs={"enable_thinking": thinks})
        self.said = []

    def generate(self, chats, sampling, adapter=None):
        self.said += [(chat, sampling.thought) for chat in chats]
        ends = "</think>" if sampling.thought else ""
        return [[f"hm{'' if 'long' in chat[0].content else ends}"] * sampling.n for chat in chats]


class Mixed(Neutral):
    """A question as in the survey, one in words of its own with choices, and one for free text."""

    texts = False

    def questions(self, culture):
        open_ended = replace(item("open"), options=(), codes=())
        return [
            Question(item("listed"), 0, {"form": "listed"}),
            Question(item("long"), 0, {"form": "own"}, user="A long question. Yes or no?", choices=("yes", "no", "so")),
            Question(open_ended, "", {"form": "open"}, user="Say something."),
        ]

    def score(self, replies):
        rows = [(r.question.item.id, "b", "said", float(bool(r.text)), r.question.facets["form"]) for r in replies]
        return pd.DataFrame(rows, columns=["item", "group", "metric", "value", "form"])


def policy(own, n=2):
    return PromptPolicy((None,), Sampling(8, 1.0, 1.0, n, thought=own))


def test_a_policy_that_thinks_by_itself_thinks_before_every_kind_of_question():
    engine, benchmark = Thinker(), Mixed()
    replies = ask(ModelSession(engine, None, policy(True)), benchmark, benchmark.questions(Culture()))
    assert [reply.unclosed for reply in replies] == [0.0, 1.0, 0.0]
    thought = Message("thought", "hm")
    (scored,) = engine.calls
    # Two orders of the first question, then the second, each after two thoughts; the question itself is as ever.
    assert len(scored) == 6 and all(chat[-1] == thought for chat in scored)
    assert not any(phrases("en").think in chat[0].content for chat in scored)
    assert all(reply.shares for reply in replies[:2]) and replies[2].shares is None
    assert engine.said[-1] == ((Message("user", "Say something."), thought), False) and replies[2].text == "hm"


def test_a_thinking_model_that_is_not_let_think_answers_after_an_empty_thought():
    engine, benchmark = Thinker(), Mixed()
    replies = ask(opened(engine), benchmark, benchmark.questions(Culture()))
    assert [reply.unclosed for reply in replies] == [None] * 3
    assert engine.said == [((Message("user", "Say something."), Message("thought", "")), False)]
    plain = Thinker(thinks=False)
    ask(opened(plain), benchmark, benchmark.questions(Culture()))
    assert plain.said == [((Message("user", "Say something."),), False)]


def test_thoughts_are_asked_for_in_words_in_the_survey_s_form_alone():
    engine = Thinker(thinks=False)
    asked = ModelSession(engine, None, policy(False, n=1))
    ask(asked, KNOBS, QUESTIONS[:1])
    assert phrases("en").think in engine.said[0][0][0].content
    assert [[message.role for message in chat] for chat in engine.calls[0]] == [["user", "assistant", "user"]] * 2
    before = len(engine.said)
    with pytest.raises(AlignbenchError, match=r"Mixed asks in its own words.*asked_chains=0"):
        ask(asked, Mixed(), Mixed().questions(Culture()))
    assert len(engine.said) == before


def test_the_refusal_comes_before_anything_is_built(make_cell):
    cell = make_cell("culture=iraq", "method=cnca_sft", "benchmark=neutral", "control=false")
    with pytest.raises(AlignbenchError, match="Mixed asks in its own words"):
        benchmarks.run_benchmark(cell, Mixed())
    assert not cell.store.built


def test_cut_thoughts_are_a_metric_and_are_remembered(tmp_path):
    questions = tuple(Mixed().questions(Culture()))

    def table(engine, own=True):
        session = ModelSession(engine, None, policy(own) if own else PromptPolicy())
        stage = benchmarks.Replies(SimpleNamespace(at_work=lambda tools: session), Mixed(), questions, Asking())
        stage.build(tmp_path, None)
        return pd.read_parquet(tmp_path / "scores.parquet")

    found = table(Thinker())
    cut = found[found["metric"] == "unclosed_thoughts"]
    assert list(cut["value"]) == [0.0, 1.0, 0.0] and list(cut["form"]) == ["listed", "own", "open"]
    silent = Thinker()
    assert table(silent).equals(found) and not silent.said  # read from the file
    (tmp_path / "replies.jsonl").unlink()
    assert set(table(Thinker(), own=False)["metric"]) == {"said"}
