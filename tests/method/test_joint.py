"""One-for-all on the tiny model: what is shared, what each culture is told and paid by, and what is refused."""

from __future__ import annotations

from collections import Counter

import pytest

from alignbench.errors import AlignbenchError
from alignbench.identity import walk
from alignbench.method import Method, culturerl, survey_sft
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import stance_system
from alignbench.runs.describe import reading
from alignbench.steps import norm_reward
from alignbench.steps.texts import rendered, wordings
from alignbench.types import OptionScores, Split

from .chains import made

METHODS = ("survey_sft", "survey_rl")
NAMES = {"IRQ": "Iraq", "ARG": "Argentina", "CHN": "China"}
TOLD_APART = "method.told=always"
TOLD = {iso3: rendered("resident", country=name) for iso3, name in NAMES.items()}


@pytest.fixture
def trainings(monkeypatch):
    """Rows, the rest of what the trainers were called with, and what chooses among checkpoints; nothing is trained."""
    calls = []

    def train(job, rows, *rest):
        calls.append((rows, *rest, job.validate))
        return {}

    def train_grpo(job, *rest):
        (job.folder / "history.json").write_text('[{"update": 1, "unread_share": 0.0}]')
        return train(job, *rest)

    for module in (norm_reward, survey_sft):
        monkeypatch.setattr(module, "train_on_options", train)
    monkeypatch.setattr(culturerl, "train_grpo", train_grpo)
    return calls


def system(row):
    return row.chat[0].content if row.chat[0].role == "system" else None


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_cultures_trained_together_share_one_training_and_ask_with_their_own_text(method, trainings, make_cell) -> None:
    cell = make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,CHN,ARG]", TOLD_APART)
    elsewhere = make_cell(f"method={method}", "culture=china", "method.joint=[ARG,IRQ]", TOLD_APART)
    every = made(cell), made(cell, cell.control), made(elsewhere)
    assert len(trainings) == 1 and len({found.fit for found in every}) == 1
    assert [found.model.policy.systems for found in every] == [(TOLD[c],) for c in ("IRQ", "ARG", "CHN")]
    assert all("One model of ARG, CHN, IRQ" in found.model.notes[0] for found in every)


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_a_control_that_is_not_named_takes_the_cultures_place_in_a_training_of_its_own(
    method, trainings, make_cell
) -> None:
    cell = make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,CHN]", TOLD_APART)
    assert made(cell).fit != made(cell, cell.control, cell.method.in_place_of(cell.culture, cell.control)).fit
    assert [{system(row) for row in rows} for rows, *_ in trainings] == [
        {TOLD["IRQ"], TOLD["CHN"]},
        {TOLD["CHN"], TOLD["ARG"]},
    ]


def test_a_model_of_one_culture_is_told_nothing_and_rests_on_its_figures_alone(trainings, make_cell) -> None:
    cells = [make_cell(f"method={method}", "culture=iraq") for method in METHODS]
    every = [made(cell) for cell in cells]
    assert {system(row) for rows, *_ in trainings for row in rows} == {None}
    assert all(found.model.policy.systems == (None,) and not found.model.notes for found in every)
    assert [found.model.training.systems for found in every] == [{"IRQ": None}] * 2
    assert [len(found.stages("norms")) for found in every] == [0, 1]
    assert [len(found.stages("judge_check")) for found in every] == [0, 1]
    # The method's own knobs reach the training as fields that it reads, never as the method whole.
    assert not any(isinstance(held, Method) for found in every for _, held in walk(found.model))


@pytest.mark.long
@pytest.mark.parametrize("reward", ["verdict", "support"])
def test_options_are_paid_by_the_norms_of_the_culture_in_the_text(reward, trainings, make_cell) -> None:
    cells = [
        make_cell("method=survey_rl", f"method.reward={reward}", "culture=iraq", f"method.joint={joint}", TOLD_APART)
        for joint in ("[IRQ,CHN]", "[]")
    ]
    for cell in cells:
        made(cell)
    (together, *_), (alone, *_) = trainings
    iraqi, chinese = ([row for row in together if system(row) == TOLD[c]] for c in ("IRQ", "CHN"))
    assert len(together) == len(iraqi) + len(chinese)
    assert [(r.item, r.target, r.rewards) for r in iraqi] == [(r.item, r.target, r.rewards) for r in alone]
    assert any((a.target, a.rewards) != (b.target, b.rewards) for a, b in zip(iraqi, chinese, strict=True))


@pytest.mark.long
def test_replies_are_judged_by_the_norms_of_the_culture_in_the_text(trainings, make_cell) -> None:
    cell = make_cell(
        "method=culturerl", "method.warm_start=survey", "method.wordings=template", "method.reward=score",
        "culture=iraq", "method.joint=[IRQ,CHN]",
    )  # fmt: skip
    found = made(cell)
    (survey, *_), (rows, reward, *_) = trainings
    assert {system(row) for row in survey} == {TOLD["IRQ"], TOLD["CHN"]}
    copies = Counter(system(row) for row in rows)
    assert len(set(copies.values())) == 1 and set(copies) == {stance_system(c) for c in ("Iraq", "China")}

    # What only one of the two peoples holds earns more in its own rows.
    assert [judge.iso3 for judge in found.model.training.judges.values()] == ["CHN", "IRQ"]
    china, iraq = (NormPool.load(stage.path) for stage in found.stages("norms"))
    levels = {norm.item: norm.level for norm in china.norms}
    disputed = [norm for norm in iraq.norms if levels.get(norm.item, norm.level) != norm.level]
    earned = Counter()
    for norm in disputed:
        meta = [row.meta for row in rows if row.meta["question"] == cell.survey.item(norm.item).question]
        for m, paid in zip(meta, reward([norm.spoken_by("I").statement] * len(meta), meta).rewards, strict=True):
            earned[m["country"]] += paid
    assert earned["IRQ"] > earned["CHN"] and (iraq.iso3, china.iso3) == ("IRQ", "CHN")


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_the_checkpoint_is_chosen_for_all_cultures_on_validation_items(method, trainings, make_cell) -> None:
    cell = make_cell(
        f"method={method}", "culture=iraq", "method.joint=[IRQ,CHN]", TOLD_APART, "training.select=validation"
    )
    made(cell)
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
    cell = make_cell("method=survey_sft", "culture=iraq", "method.joint=[IRQ,ARG]", TOLD_APART)
    made(cell)
    train = cell.surveys[Split.train]
    counts = {c: len(train.asked(c)) for c in ("ARG", "IRQ")}
    assert counts["ARG"] < len(train.items)
    assert f"items for ARG: {counts['ARG']} kept of {len(train.items)} (dropped: " in capsys.readouterr().out
    asked = Counter(system(row) for row in trainings[0][0])
    # Both orders of every question.
    assert asked == {TOLD[c]: 2 * count for c, count in counts.items()}


@pytest.mark.parametrize("method", [*METHODS, "culturellm", "culturespa"])
def test_a_country_that_the_survey_lacks_is_refused_before_anything_is_loaded(method, make_cell) -> None:
    with pytest.raises(AlignbenchError, match=r"method\.joint = 'SAU': survey wvs7 holds"):
        make_cell(f"method={method}", "culture=iraq", "method.joint=[IRQ,SAU]", TOLD_APART)


def test_the_page_says_what_the_control_is(make_cell) -> None:
    words = ("method=survey_sft", "method.joint=[IRQ,CHN]", TOLD_APART)
    iraq, germany = (" ".join(reading(make_cell(f"culture={c}", *words), (), False)) for c in ("iraq", "germany"))
    assert "learnt the figures of Iraq, too" in iraq and "same recipe on the figures of Argentina" in germany


def test_the_text_is_the_first_wording_of_cultural_prompt(make_cell) -> None:
    assert wordings(make_cell("culture=iraq").culture)[0] == TOLD["IRQ"]
