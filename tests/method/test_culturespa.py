"""CultureSPA: what the culture in the prompt changes is what is learnt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.backend.engines import Opener
from alignbench.errors import AlignbenchError
from alignbench.method.culturespa import CultureSPA
from alignbench.steps.lessons import within
from alignbench.steps.texts import rendered
from alignbench.store.store import Store
from alignbench.synthetic.folder import read_set
from alignbench.training import Training
from alignbench.types import OptionScores
from tests.composing import with_embedder
from tests.method.chains import aligned, made
from tests.method.writers import GARBAGE, Fixed, Pen, writer
from tests.words import Words

SPA = CultureSPA(generated=1, least=3, near=-1, copy=1)


class Torn(Pen):
    """Finds the option listed first likeliest; with a country in view, for some questions the last *option*.

    Args:
        changes: country -> question -> that option.
    """

    def __init__(self, model, changes) -> None:
        super().__init__(lambda chat, draw: "")
        self.model, self._changes = model, changes

    def score(self, chats, options, adapter=None):
        return [self._scored(chat, asked) for chat, asked in zip(chats, options, strict=True)]

    def _scored(self, chat, options):
        logprobs = [-1.0] * len(options)
        logprobs[0] = -0.9
        asked = [(q, t) for c, changes in self._changes.items() if c in chat[0].content for q, t in changes.items()]
        for text in [t for q, t in asked if q in chat[-1].content]:
            logprobs[next(i for i, o in enumerate(options) if f"{o}. {text}" in chat[-1].content)] = -0.1
        return OptionScores(tuple(logprobs), 1.0)


@pytest.fixture(autouse=True)
def trainings(monkeypatch):
    """What the trainer was called with; nothing is trained."""
    calls = []

    def train(job, rows, loss):
        calls.append(rows)
        return {}

    monkeypatch.setattr("alignbench.steps.lessons.train_on_options", train)
    return calls


@pytest.fixture
def cell(make_cell):
    cell = replace(
        with_embedder(make_cell("method=culturespa", "culture=iraq"), Words()),
        generator=writer(lambda c, d: f"What of {c[-1].content.split()[4]}?"),
    )
    items = [item for item in cell.context(cell.culture).train.items if item.poles is None][:5]
    torn = Torn(cell.model, {"Iraq": {i.question: i.options[-1] for i in items}})
    return replace(cell, store=Store(cell.store.root, Opener(Fixed(torn)))), items


def test_questions_whose_answer_the_culture_changes_are_kept_with_that_answer(cell, trainings) -> None:
    cell, items = cell
    found = made(cell, method=SPA)
    model = found.model
    rows, (written, tally) = read_set(found.stage("activate").path)

    assert rows["item"].tolist() == [item.id for item in items] and rows["question"].tolist() == [
        item.question for item in items
    ]
    assert rows["position"].tolist() == [len(item.codes) - 1 for item in items]
    assert (rows["plain"] != rows["position"]).all()
    train = cell.context(cell.culture).train
    topics = {item.topic for item in train.items}
    assert written.kept == len(topics) and tally.made == len(train.items) + len(topics) and tally.kept == 5
    assert "from Iraq" in model.policy.systems[0]
    assert [len(calls) for calls in trainings] == [2 * 5]  # both orders
    stages = {"questions", "answers", "activate", "fit"}
    assert found.names == stages
    assert any("Questions were written by stand-in." in note for note in model.notes)


def test_trained_together_each_culture_learns_its_own_questions_under_its_own_text(make_cell) -> None:
    """C8: the joint model, which is what the published scripts train."""
    cell = make_cell("method=culturespa", "culture=iraq", "method.joint=[IRQ,CHN]", "method.generated=0")
    elsewhere = make_cell("method=culturespa", "culture=china", "method.joint=[IRQ,CHN]", "method.generated=0")
    iraqi, chinese = (
        {i.question: i.options[-1] for i in cell.context(cell.culture).train.items if i.poles is None and i.id in ids}
        for ids in (("Q1", "Q27", "Q28", "Q29"), ("Q29", "Q30", "Q31"))
    )
    torn = Torn(cell.model, {"Iraq": iraqi, "China": chinese})
    store = Store(cell.store.root, Opener(Fixed(torn)))
    own, other = (made(replace(c, store=store), method=c.method.with_knobs(least=2)) for c in (cell, elsewhere))
    assert own.fit == other.fit and len(own.stages("answers")) == 3 and len(own.stages("activate")) == 2
    told = {iso3: rendered("culture_answer", country=name) for iso3, name in (("IRQ", "Iraq"), ("CHN", "China"))}
    assert own.model.policy.systems == (told["IRQ"],) and other.model.policy.systems == (told["CHN"],)
    assert "One model of CHN, IRQ" in own.model.notes[0]
    learnt = own.model.training.lessons(replace(cell, store=store).tools)
    assert [(lesson.system, lesson.item.question) for lesson in learnt] == [
        *((told["CHN"], question) for question in chinese),
        *((told["IRQ"], question) for question in iraqi),
    ]
    assert all(lesson.position == len(lesson.item.codes) - 1 for lesson in learnt)


def test_cross_culture_thinking_gives_the_answers_and_the_plain_text_learns_them(make_cell) -> None:
    cell = make_cell("method=culturespa", "culture=iraq", "method.elicited=cross_culture")
    fit = aligned(cell).training
    (activated,) = fit.activated.values()
    thought = aligned(make_cell("method=cross_culture", "culture=iraq")).policy.systems_for(cell.survey.items[0])
    assert (activated.cultural.system,) == thought and activated.cultural.system.count(", ") >= 4
    assert fit.systems == {"IRQ": rendered("culture_answer", country="Iraq")}
    with pytest.raises(AlignbenchError, match=r"method\.similar = 99"):
        aligned(cell, method=cell.method.with_knobs(similar=99))


def test_written_questions_alone_are_asked_as_published(cell) -> None:
    cell, _ = cell
    alone = SPA.with_knobs(ask_items=False)
    questions = aligned(cell, method=alone).training.activated["IRQ"].questions
    rows, (written,) = read_set(cell.store.get(questions).path)
    assert 0 < written.kept == len(rows) and not set(rows["question"]) & {i.question for i in questions.train.items}
    with pytest.raises(AlignbenchError, match=r"method\.generated = 0.*ask_items"):
        alone.with_knobs(generated=0)


def test_a_culture_that_changes_nothing_is_refused(cell) -> None:
    cell, _ = cell
    with pytest.raises(AlignbenchError, match=r"method\.least.*0 kept of .*same answer"):
        made(cell, cell.control, SPA)


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_of_garbage_no_question_is_kept_and_training_items_remain(cell, kind) -> None:
    cell, _ = cell
    cell = replace(cell, generator=writer(GARBAGE[kind]))
    questions = aligned(cell, method=SPA).training.activated["IRQ"].questions
    rows, (written,) = read_set(cell.store.get(questions).path)
    assert written.kept == 0 and written.made == 8 and len(rows) == len(cell.context(cell.culture).train.items)


def test_training_takes_as_many_passes_as_are_published_unless_told_otherwise():
    training = Training(updates=72, prompts_per_update=4)
    assert CultureSPA().passes == 1
    assert within(training, 1).for_rows(20).updates == 5
    assert within(replace(training, epochs=2), 1).for_rows(20).updates == 10
    assert within(training, 1).for_rows(1000).updates == 72
