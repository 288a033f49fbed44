"""CultureSPA: what the culture in the prompt changes is what is learnt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.backend.engines import Opener
from alignbench.errors import AlignbenchError
from alignbench.method.culturespa import CultureSPA
from alignbench.steps.lessons import within
from alignbench.store.store import Store
from alignbench.synthetic.folder import read_set
from alignbench.training import Training
from alignbench.types import OptionScores
from tests.method.chains import aligned, made
from tests.method.writers import GARBAGE, Fixed, Pen, writer

SPA = CultureSPA(generated=1, least=3, near=-1, copy=1)


class Torn(Pen):
    """Finds the option listed first likeliest; with the culture in view, for some questions the last *option*."""

    def __init__(self, model, changes) -> None:
        super().__init__(lambda chat, draw: "")
        self.model, self._changes = model, changes

    def score(self, chats, options, adapter=None):
        return [self._scored(chat, asked) for chat, asked in zip(chats, options, strict=True)]

    def _scored(self, chat, options):
        changed = "Iraq" in chat[0].content and any(text in chat[-1].content for text in self._changes)
        logprobs = [-1.0] * len(options)
        logprobs[0] = -0.9
        if changed:
            (text,) = (t for q, t in self._changes.items() if q in chat[-1].content)
            logprobs[next(i for i, o in enumerate(options) if f"{o}. {text}" in chat[-1].content)] = -0.1
        return OptionScores(tuple(logprobs), 1.0)


@pytest.fixture
def cell(make_cell):
    cell = replace(
        make_cell("method=culturespa", "culture=iraq"),
        generator=writer(lambda c, d: f"What of {c[-1].content.split()[4]}?"),
    )
    items = [item for item in cell.context(cell.culture).train.items if item.poles is None][:5]
    torn = Torn(cell.model, {i.question: i.options[-1] for i in items})
    return replace(cell, store=Store(cell.store.root, Opener(Fixed(torn)))), items


def test_questions_whose_answer_the_culture_changes_are_kept_with_that_answer(cell) -> None:
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
    stages = {"questions", "answers", "activate", "fit"}
    assert found.names == stages
    assert any("Questions were written by stand-in." in note for note in model.notes)


def test_a_culture_that_changes_nothing_is_refused(cell) -> None:
    cell, _ = cell
    with pytest.raises(AlignbenchError, match=r"method\.least.*0 kept of .*same answer"):
        made(cell, cell.control, SPA)


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_of_garbage_no_question_is_kept_and_training_items_remain(cell, kind) -> None:
    cell, _ = cell
    cell = replace(cell, generator=writer(GARBAGE[kind]))
    questions = aligned(cell, method=SPA).training.activated.questions
    rows, (written,) = read_set(cell.store.get(questions).path)
    assert written.kept == 0 and written.made == 8 and len(rows) == len(cell.context(cell.culture).train.items)


def test_training_takes_as_many_passes_as_are_published_unless_told_otherwise():
    training = Training(updates=72, prompts_per_update=4)
    assert CultureSPA().passes == 1
    assert within(training, 1).for_rows(20).updates == 5
    assert within(replace(training, epochs=2), 1).for_rows(20).updates == 10
    assert within(training, 1).for_rows(1000).updates == 72
