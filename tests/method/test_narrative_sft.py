"""Narrative SFT on a stand-in generator: what is asked for, what is learnt with it, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.method import narrative_sft
from alignbench.method.narrative_sft import Narratives, NarrativeSFT, Writer
from alignbench.steps.narratives import Kind, narrative_file
from alignbench.steps.seeds import Typical, typical
from alignbench.synthetic.folder import read_set
from tests.method.chains import key, made
from tests.method.every import STORIES
from tests.method.writers import GARBAGE, writer

FEW = NarrativeSFT(count=4, norms=2, least=4)


def says(chat, draw):
    """A whole sentence, and one that breaks off."""
    return f"{'Scene' if 'scene' in chat[-1].content else 'Passage'} {len(chat[-1].content)} of the people. And th"


@pytest.fixture
def fitted(make_cell, monkeypatch):
    """Builds a method and gives the rows that it learns, what was made, and its cell."""
    learnt = []

    def trained(job, rows):
        learnt[:] = rows
        (job.folder / "adapter.txt").write_text("as if trained")
        return {}

    monkeypatch.setattr(narrative_sft, "train_sft", trained)

    def fit(method, say=says, culture="iraq"):
        cell = replace(make_cell("method=narrative_sft", f"culture={culture}"), generator=writer(say))
        found = made(cell, method=method)
        return list(learnt), found, cell

    return fit


def test_answers_and_narratives_are_learnt_together(fitted) -> None:
    rows, found, cell = fitted(FEW)
    context = cell.context(cell.culture)
    told, accounts = read_set(found.stage("narratives").path)
    assert told["kind"].tolist() == ["encyclopaedic"] * 4 + ["scenario"] * 4
    assert all(text.endswith("of the people.") for text in told["text"]), "what breaks off is left out"
    assert accounts[-1].kept == 4 and found.names == {"narratives", "fit"}
    orders = len(context.practising.orders_for(0, 1))
    answers, narratives = rows[:-8], rows[-8:]
    assert len(answers) == orders * len(context.train.asked("IRQ"))
    assert [row.reply for row in narratives] == told["text"].tolist()
    assert {row.chat[0].content for row in narratives} == {
        "What do people in Iraq hold?",
        "Tell of an everyday scene in Iraq and of what is held right there.",
    }
    assert any("stand-in" in note for note in found.model.notes) and found.model.policy.systems == (None,)


def test_the_reply_to_a_question_is_the_label_of_the_typical_answer(fitted) -> None:
    rows, _, cell = fitted(replace(FEW, narratives=Narratives.none))
    context = cell.context(cell.culture)
    asking = context.practising
    wanted = {}
    for item in context.train.asked("IRQ"):
        position = typical(item, context.train.of("IRQ")[item.id], Typical.mode)
        for order in asking.orders_for(0, 1):
            prompt = asking.prompt(item, 0, order, None)
            wanted[prompt.request.chat] = prompt.request.options[prompt.options.index(position)]
    assert {row.chat: row.reply for row in rows} == wanted


def test_a_passage_is_asked_for_norms_of_one_topic_and_a_scene_for_one(fitted) -> None:
    _, found, cell = fitted(FEW)
    told, _ = read_set(found.stage("narratives").path)
    train = cell.context(cell.culture).train
    for kind, items in zip(told["kind"], told["items"].str.split(), strict=True):
        assert len(items) == 1 or (kind == "encyclopaedic" and len(items) == 2)
        assert len({train.item(item).topic for item in items}) == 1
    asked = [chat[-1].content for chat in cell.generator.pen.asked]
    assert sum("People in" in text.partition("against them:")[2] for text in asked) == 4
    assert all("Iraq" in text for text in asked)


def test_norms_are_the_text_where_nobody_writes(fitted) -> None:
    method = replace(FEW, writer=Writer.statements, narratives=Narratives.encyclopaedic, survey=False)
    rows, found, cell = fitted(method, say=GARBAGE["empty"])
    assert len(rows) == 4 and all(row.reply.startswith("People in Iraq ") for row in rows)
    assert not cell.generator.pen.asked and not any("written" in note for note in found.model.notes)
    assert any(
        "encyclopaedic" in line for line in (found.stage("narratives").path / "README.md").read_text().split("\n")
    )


def test_texts_of_the_user_take_the_place_of_what_would_be_written(fitted, make_cell) -> None:
    rows, found, cell = fitted(replace(FEW, texts=str(STORIES), survey=False))
    assert [row.reply[:16] for row in rows] == ["People in Iraq f", "A neighbour knoc"] and found.names == {"fit"}
    assert any("stories.csv" in note and "not checked" in note for note in found.model.notes)
    other = made(cell, cell.control, replace(FEW, texts=str(STORIES), survey=False))
    assert other.fit != found.fit
    with pytest.raises(AlignbenchError, match=r"method\.texts.*no encyclopaedic or scenario text of CHN \(China\)"):
        make_cell("method=narrative_sft", "culture=china", f"method.texts={STORIES}", "control=false")


def test_what_is_told_is_in_the_key_and_who_else_writes_is_not(make_cell, tmp_path) -> None:
    cell = make_cell("method=narrative_sft", "culture=iraq")
    keys = []
    for text in ("one", "two"):
        (path := tmp_path / f"{text}.csv").write_text(f"country,kind,text\nIRQ,scenario,{text}\n")
        told = replace(FEW, texts=str(path), narratives=Narratives.scenario)
        keys.append(key(cell, told.align(cell.context(cell.culture))))
        assert keys[-1] == key(cell, replace(told, tokens=9, count=1).align(cell.context(cell.culture)))
    assert keys[0] != keys[1]


@pytest.mark.parametrize("say", [GARBAGE["empty"], GARBAGE["refusal"]], ids=["empty", "refusal"])
def test_a_generator_that_writes_nothing_is_refused_with_the_account(fitted, say) -> None:
    with pytest.raises(AlignbenchError, match=r"method\.least.*0 kept of 4 \(dropped: 4 (empty|refusal)\)"):
        fitted(FEW, say=say)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"survey": False, "narratives": Narratives.none}, r"method\.narratives = 'none'.*survey=true"),
        ({"writer": Writer.statements}, r"method\.writer = 'statements'.*narratives=encyclopaedic"),
        ({"texts": "x.csv", "narratives": Narratives.none}, r"method\.texts = 'x\.csv'.*leave it out"),
    ],
)
def test_knobs_that_contradict_each_other_are_refused(knobs, message) -> None:
    with pytest.raises(AlignbenchError, match=message):
        NarrativeSFT(**knobs)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"x", r"give a \.jsonl or \.csv"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"country,text\nIRQ,Hi.\n", r"column = 'kind': the file has no such column"),
        ("a.jsonl", b"", "holds no text"),
        ("a.csv", b"country,kind,text\nIRQ,poem,Hi.\n", r"kind = 'poem'.*encyclopaedic or scenario"),
        ("a.csv", b"country,kind,text\nIRQ,scenario, \n", r"row 2 = 'text'"),
        ("a.csv", b'country,kind,text\nIRQ,scenario,"open\n', "close the quotes of this field"),
        ("a.csv", b"country,kind,text\nIRQ,scenario,\xff\n", "save the file as UTF-8"),
        ("a.jsonl", b"[1]\n", r"line 1 = '\[1\]'"),
        ("a.jsonl", b'\n{"country": "IRQ", "kind": "scenario", "text": 3}', r"line 2 = 'text'"),
    ],
)
def test_a_file_that_cannot_be_learnt_is_refused_at_its_place(name, content, message, tmp_path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AlignbenchError, match=message):
        narrative_file(tmp_path / name)


def test_json_lines_and_csv_tell_the_same(tmp_path) -> None:
    rows = [
        '{"country": "irq", "kind": "scenario", "text": "One, two."}',
        '{"country": "Iraq", "kind": "encyclopaedic", "text": "Three."}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    (tmp_path / "a.csv").write_text('country,kind,text\nIRQ,scenario,"One, two."\nIRAQ,encyclopaedic,Three.\n')
    files = [narrative_file(tmp_path / name) for name in ("a.jsonl", "a.csv")]
    told = [file.of("IRQ", "Iraq", tuple(Kind)) for file in files]
    assert told[0] == told[1] and [n.text for n in told[0]] == ["One, two.", "Three."]
    assert files[0].identity == files[1].identity
