"""One-for-all on the tiny model: what is shared, what each culture is told and paid by, and what is refused."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from alignbench.errors import AlignbenchError
from alignbench.method import culturerl, survey_sft
from alignbench.method.culturellm import CultureLLM
from alignbench.method.culturerl import CultureRL
from alignbench.method.prompting import resident, wordings
from alignbench.method.survey_sft import SurveySFT
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import stance_system
from alignbench.runs.reading import reading
from alignbench.types import OptionScores, Split

METHODS = ("survey_sft", "culturerl")
TOLD = {"IRQ": resident("Iraq"), "ARG": resident("Argentina"), "CHN": resident("China")}


def fitted(cell, culture=None):
    return cell.method.fit(cell.context(culture or cell.culture))


def fit_parts(cell, model):
    return json.loads((cell.store.root / "fit" / model.provenance["fit"] / "manifest.json").read_text())["parts"]


@pytest.fixture
def trainings(monkeypatch):
    """Rows and the rest of what the trainers were called with; nothing is trained."""
    calls = []

    def train(model, rows, *rest):
        calls.append((rows, *rest))
        return {}

    for module in (culturerl, survey_sft):
        monkeypatch.setattr(module, "train_on_options", train)
    monkeypatch.setattr(culturerl, "train_grpo", train)
    return calls


def system(row):
    return row.chat[0].content if row.chat[0].role == "system" else None


@pytest.mark.parametrize("method", METHODS)
def test_cultures_trained_together_share_one_training_and_ask_with_their_own_text(method, trainings, make_cell) -> None:
    cell = make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,CHN,ARG]")
    own, control = fitted(cell), fitted(cell, cell.control)
    other = fitted(make_cell(f"method={method}", "culture=china", "method.joint=[ARG,IRQ]"))
    assert len(trainings) == 1 and len({model.adapter_key for model in (own, control, other)}) == 1
    assert [m.policy.systems for m in (own, control, other)] == [(TOLD[c],) for c in ("IRQ", "ARG", "CHN")]
    assert all("One model of ARG, CHN, IRQ" in model.notes[0] for model in (own, control, other))


@pytest.mark.parametrize("method", METHODS)
def test_a_control_that_is_not_named_joins_a_training_of_its_own(method, trainings, make_cell) -> None:
    cell = make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,CHN]")
    own, control = fitted(cell), fitted(cell, cell.control)
    assert own.adapter_key != control.adapter_key
    assert [{system(row) for row in rows} for rows, *_ in trainings] == [
        {TOLD["IRQ"], TOLD["CHN"]},
        {TOLD["IRQ"], TOLD["CHN"], TOLD["ARG"]},
    ]


def test_a_model_of_one_culture_is_told_nothing_and_keeps_its_key(trainings, make_cell) -> None:
    assert not {"joint"} & (CultureRL().parts.keys() | SurveySFT().parts.keys() | CultureLLM().parts.keys())
    sft, rl = (make_cell(f"method={method}", "culture=iraq") for method in METHODS)
    models = fitted(sft), fitted(rl)
    assert {system(row) for rows, *_ in trainings for row in rows} == {None}
    assert all(model.policy.systems == (None,) and not model.notes for model in models)
    assert fit_parts(sft, models[0])["country"] == "IRQ"
    parts, made = fit_parts(rl, models[1]), models[1].provenance
    assert (parts["pool"], parts["calibration"]) == (made["norms"], made["calibrate"])
    assert parts.keys() == {"method", "pool", "calibration", "model", "dtype", "training", "asking", "seed"}


@pytest.mark.parametrize("reward", ["verdict", "support"])
def test_options_are_paid_by_the_norms_of_the_culture_in_the_text(reward, trainings, make_cell) -> None:
    cells = [
        make_cell("method=culturerl", f"method.reward={reward}", "culture=iraq", f"method.joint={joint}")
        for joint in ("[IRQ,CHN]", "[]")
    ]
    fitted(cells[0])
    fitted(cells[1])
    (together, *_), (alone, *_) = trainings
    iraqi, chinese = ([row for row in together if system(row) == TOLD[c]] for c in ("IRQ", "CHN"))
    assert len(together) == len(iraqi) + len(chinese)
    assert [(r.item, r.target, r.rewards) for r in iraqi] == [(r.item, r.target, r.rewards) for r in alone]
    assert any((a.target, a.rewards) != (b.target, b.rewards) for a, b in zip(iraqi, chinese, strict=True))


def test_replies_are_judged_by_the_norms_of_the_culture_in_the_text(trainings, make_cell) -> None:
    cell = make_cell(
        "method=culturerl", "method.prompts=mix", "method.reward=entropy", "culture=iraq", "method.joint=[IRQ,CHN]",
    )  # fmt: skip
    fitted(cell)
    (survey, *_), (rows, reward, *_) = trainings
    assert {system(row) for row in survey} == {TOLD["IRQ"], TOLD["CHN"]}
    copies = Counter(system(row) for row in rows)
    assert len(set(copies.values())) == 1 and set(copies) == {stance_system(c) for c in ("Iraq", "China")}

    # What only one of the two peoples holds earns more in its own rows.
    china, iraq = (NormPool.load(stage.path) for stage in cell.store.used if stage.name == "norms")
    levels = {norm.item: norm.level for norm in china.norms}
    disputed = [norm for norm in iraq.norms if levels.get(norm.item, norm.level) != norm.level]
    earned = Counter()
    for norm in disputed:
        meta = [row.meta for row in rows if row.meta["question"] == cell.survey.item(norm.item).question]
        for m, paid in zip(meta, reward([norm.spoken_by("I").statement] * len(meta), meta), strict=True):
            earned[m["country"]] += paid
    assert earned["IRQ"] > earned["CHN"] and (iraq.iso3, china.iso3) == ("IRQ", "CHN")


@pytest.mark.parametrize("method", METHODS)
def test_the_checkpoint_is_chosen_for_all_cultures_on_validation_items(method, trainings, make_cell) -> None:
    cell = make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,CHN]", "training.select=validation")
    fitted(cell)
    heard = []

    def score(chats, options):
        heard.extend(chats)
        return [OptionScores((0.0,) * len(o), 1.0) for o in options]

    assert 0 < trainings[0][-1](score) < 1
    assert {chat[0].content for chat in heard} == {TOLD["IRQ"], TOLD["CHN"]}
    questions = {split: [i.question for i in cell.surveys[split].items] for split in Split}
    assert all(any(q in chat[-1].content for q in questions[Split.validation]) for chat in heard)
    assert not any(q in chat[-1].content for chat in heard for q in questions[Split.test])


def test_items_that_a_country_was_not_asked_are_left_out_and_counted(trainings, make_cell, capsys) -> None:
    cell = make_cell("method=survey_sft", "culture=iraq", "method.joint=[IRQ,ARG]")
    fitted(cell)
    train = cell.surveys[Split.train]
    counts = {c: len(train.asked(c)) for c in ("ARG", "IRQ")}
    assert counts["ARG"] < len(train.items)
    assert f"items for ARG: {counts['ARG']} kept of {len(train.items)} (dropped: " in capsys.readouterr().out
    asked = Counter(system(row) for row in trainings[0][0])
    # Both orders of every question.
    assert asked == {TOLD[c]: 2 * count for c, count in counts.items()}


@pytest.mark.parametrize("method", [*METHODS, "culturellm"])
def test_a_country_that_the_survey_lacks_is_refused_before_anything_is_loaded(method, make_cell) -> None:
    with pytest.raises(AlignbenchError, match=r"method\.joint = 'SAU': survey wvs7 holds"):
        make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,SAU]")


def test_the_page_says_what_the_control_is(make_cell) -> None:
    words = ("method=survey_sft", "method.joint=[IRQ,CHN]")
    assert "learnt the figures of Iraq, too" in " ".join(reading(make_cell("culture=iraq", *words), ()))
    assert "same recipe on the figures of Argentina" in " ".join(reading(make_cell("culture=germany", *words), ()))


def test_the_text_is_the_first_wording_of_cultural_prompt(make_cell) -> None:
    assert wordings(make_cell("culture=iraq").culture)[0] == TOLD["IRQ"]
