"""Zhyper: one training for all cultures, an ordinary adapter for each, unseen ones too, and its controls."""

from __future__ import annotations

import json

import numpy as np
import pytest

from alignbench.config import conf_dir
from alignbench.data.cultures import culture_named
from alignbench.errors import AlignbenchError
from alignbench.method import zhyper
from alignbench.runs.compare import compare
from alignbench.runs.describe import reading
from alignbench.seeds import seed_of
from alignbench.steps.description import Description, described, gibberish
from alignbench.steps.scenes import profile
from alignbench.testing import unseen

from .chains import aligned, key, made

FEW = "method.cultures=[IRQ,CHN,USA,GBR,BRA]"
# Left out at random: GBR and BRA.
OUT = "method.leave_out=random"


def culture(name):
    return culture_named(name, (conf_dir(),))


def zhyper_cell(make_cell, *words):
    return make_cell("method=zhyper", "culture=iraq", FEW, *words)


@pytest.fixture
def trainings(monkeypatch):
    """Rows and learners of the trainings; nothing is trained."""
    calls = []

    def train(job, rows, loss, learner):
        calls.append((rows, learner))
        return {"trained_parameters": 1}

    monkeypatch.setattr(zhyper, "train_on_options", train)
    return calls


def test_cells_of_all_cultures_share_one_training_and_differ_in_the_adapter(make_cell):
    cell = zhyper_cell(make_cell)
    models = [aligned(cell, culture(name)) for name in ("iraq", "china", "japan")]
    assert len({cell.store.key(model.training.fit) for model in models}) == 1
    assert len({key(cell, model) for model in models}) == 3
    assert all(not model.is_prompted for model in models)


def test_every_row_is_of_a_culture_that_is_trained_on_with_its_own_shares(make_cell, trainings):
    cell = zhyper_cell(make_cell, OUT)
    cell.store.get(aligned(cell).training.fit)
    ((rows, learner),) = trainings
    assert {row.iso3 for row in rows} == {"IRQ", "CHN", "USA"} == set(learner.contexts)
    train = cell.context(cell.culture).train
    for iso3 in ("IRQ", "CHN"):
        own = [row for row in rows if row.iso3 == iso3]
        assert {row.item for row in own} == {item.id for item in train.asked(iso3)}
        assert all(sorted(row.target) == sorted(train.of(iso3)[row.item].shares) for row in own)


@pytest.mark.parametrize("name", ["uk", "iraq"])
def test_a_culture_that_was_left_out_cannot_be_reached_from_the_training(name, make_cell):
    cell = zhyper_cell(make_cell, OUT, "training.select=validation")
    model = aligned(cell, culture(name))
    fit = model.training.fit
    for survey in (fit.train, fit.validation.survey):
        assert sorted(survey.answers) == ["CHN", "IRQ", "USA"]
        assert not {iso3 for iso3, _ in (*survey.dropped, *survey.gaps)} - set(survey.answers)
    assert sorted(fit.texts) == sorted(fit.validation.systems) == ["CHN", "IRQ", "USA"]
    unseen(cell, model)
    assert f"{'Seen' if name == 'iraq' else 'Never seen'} in training: {culture(name).country}." in model.notes
    assert "Zhyper (diagonal) was trained on 3 cultures: CHN, IRQ, USA." in model.notes


def test_a_form_that_reads_no_text_has_one_adapter_for_all_and_embeds_nothing(make_cell):
    cell = zhyper_cell(make_cell, "method.form=multi_task")
    one, other = aligned(cell), aligned(cell, culture("japan"))
    assert key(cell, one) == key(cell, other)
    assert one.training.fit.embedder is None and not one.training.fit.texts


def test_one_lora_for_each_culture_is_trained_on_its_own_rows(make_cell):
    cell = zhyper_cell(make_cell, "control=false", "method.form=per_culture")
    fits = [aligned(cell, culture(name)).training.fit for name in ("iraq", "china")]
    assert [fit.countries for fit in fits] == [["IRQ"], ["CHN"]]


@pytest.mark.parametrize("form", ["one_hot", "per_culture"])
def test_a_form_that_knows_only_what_it_saw_is_refused_for_others(form, make_cell):
    with pytest.raises(AlignbenchError, match="has nothing for Japan, which is not trained on"):
        make_cell("method=zhyper", "culture=japan", "control=false", FEW, f"method.form={form}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("method.form=multi_task", "method.describe=wrong"), "reads no description: say own"),
        (("training.weights=full",), "a hyper-network writes adapters"),
        (("training.full_modules=[lm_head]",), "a hyper-network writes adapters"),
        (("method.cultures=[ATL]",), "the culture files hold AND"),
        (("method.cultures=[GBR,IRQ]", OUT), "1 of the countries of survey .* are left to train on"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_loaded(words, said, make_cell):
    with pytest.raises(AlignbenchError, match=said):
        make_cell("method=zhyper", "culture=iraq", "control=false", *words)


def test_a_control_is_given_another_text_and_says_so(make_cell):
    texts, notes = {}, {}
    for describe in ("own", "wrong", "gibberish", "empty"):
        model = aligned(zhyper_cell(make_cell, f"method.describe={describe}"))
        texts[describe], notes[describe] = model.training.texts, model.notes[-1]
    fit = aligned(zhyper_cell(make_cell)).training.fit
    assert len({*texts.values()}) == 4 and texts["empty"] == ("",)
    assert texts["own"] == fit.texts["IRQ"] and texts["wrong"] in [t for c, t in fit.texts.items() if c != "IRQ"]
    assert [[len(w) for w in t.split()] for t in texts["gibberish"]] == [
        [len(w) for w in t.split()] for t in texts["own"]
    ]
    assert not set(" ".join(texts["gibberish"]).split()) & {"Iraq", "people", "live", "society"}
    assert notes["own"] == "Seen in training: Iraq."
    assert all(notes[name].startswith("Control: ") for name in ("wrong", "gibberish", "empty"))
    others = sorted(set(fit.texts) - {"IRQ"})
    assert texts["wrong"] == fit.texts[others[seed_of(0, "wrong", "IRQ") % len(others)]]


def test_descriptions_name_the_country_its_indices_or_what_its_people_hold(make_cell):
    train = make_cell("culture=iraq").context(culture("iraq")).train
    (name,), (again, indices) = (
        described(how, "IRQ", "Iraq", train) for how in (Description.name, Description.profile)
    )
    assert "Iraq" in name and again == name and indices == profile("IRQ")
    norms = described(Description.norms, "IRQ", "Iraq", train)
    assert len(norms) == len(train.asked("IRQ")) and not any("Iraq" in text for text in norms)
    item = train.asked("IRQ")[0]
    shares = train.of("IRQ")[item.id].shares
    assert norms[0] == item.statement(item.level(int(np.argmax(shares))))
    assert gibberish(norms, 0) == gibberish(norms, 0) != gibberish(norms, 1)


def test_a_country_without_answers_has_no_norms(make_cell):
    train = make_cell("culture=iraq").context(culture("iraq")).train
    nobody = train.of_countries(["IRQ"])
    object.__setattr__(nobody, "answers", {"IRQ": {}})
    with pytest.raises(AlignbenchError, match="asked no training item in Iraq"):
        described(Description.norms, "IRQ", "Iraq", nobody)


@pytest.mark.long
def test_the_record_says_what_was_seen_what_the_control_is_and_how_many_parameters(make_cell):
    cell = make_cell("method=zhyper", "culture=uk", "culture.control=china", FEW, OUT)
    record, _ = compare(cell)
    said = "\n".join(record.notes)
    assert "Never seen in training: the United Kingdom." in said and "Seen in training: China." in said
    facts = cell.store.get(aligned(cell).training).facts
    assert f"{facts['trained_parameters']:,} trained for 3 cultures" in said
    assert f"the adapter of one holds {facts['adapter_parameters']:,}." in said
    assert "the same weights with what they were given for China" in "\n".join(reading(cell, record.rows, False))
    assert record.history[-1]["update"] == 2


@pytest.mark.long
def test_an_adapter_is_an_ordinary_one_with_the_history_and_checkpoints_of_the_training(make_cell):
    words = ("training.keep_checkpoints=true", "training.select=validation", "training.lora_r=4")
    cell = zhyper_cell(make_cell, *words)
    found = made(cell)
    folder = found.stage("fold").path
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"], config["use_rslora"]) == ("LORA", 4, True)
    assert (folder / "history.json").read_text() == (found.fit.path / "history.json").read_text()
    assert {path.parent.name for path in folder.glob("kept/*/adapter_model.safetensors")} == {"1", "2"}
    base = json.loads((folder / "alignbench.json").read_text())["base_fingerprint"]
    assert base == cell.model.fingerprint
    assert "validation" in json.loads((folder / "history.json").read_text())[-1]
