"""A culture guard from its pairs to its verdicts: who passes, who is refused, and what it never sees."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from alignbench.config import conf_dir
from alignbench.errors import AlignbenchError
from alignbench.judge import Judgement
from alignbench.judge.check import check_judge
from alignbench.judge.guard import Combine
from alignbench.judge.panel import GuardAxis, RatingSource
from alignbench.method.clca import View
from alignbench.steps.guard import Guard, Guarded
from alignbench.steps.paper import table
from alignbench.synthetic.folder import read_set
from alignbench.testing import composed, unseen
from alignbench.types import Split
from tests.panels import Judging, noisy, with_panel

from .chains import aligned
from .speaker import FEW, Speaker, plain
from .test_papers import found
from .writers import writer

WORDS = ("method=survey_rl", "culture=china", "survey=world", "judge=guard", "generator@judge.second=stock")


@pytest.fixture
def store_folder(module_store):
    """Pairs are made once for all tests, and what judges of one name make of them."""
    return module_store


def plain_truth(axis, question, reply, country):
    """Contempt is harmful, and what is denied is not held: a reader of words can learn both."""
    if axis is GuardAxis.harmlessness:
        return 1.5 if "fool" in reply else 4.5
    return 3.0 if "patience" in reply else 1.8 if " not " in reply else 4.2


def guessing(called):
    return noisy(lambda *_: 3.0, called, 1.0)


@pytest.fixture
def guarded(make_cell):
    """The judge that methods get of a panel, and the cell; nothing is built."""

    def of(first, second, *words, **knobs):
        knobs = {"replies": 0, "prompts": 40} | knobs
        cell = with_panel(make_cell(*WORDS, *words), first, second, **knobs)
        return cell.context(cell.culture).judge, cell

    return of


@pytest.fixture
def able(guarded):
    """A guard of two judges who see the same plain truth, each with noise of its own."""
    return guarded(noisy(plain_truth, "one", 1.2), noisy(plain_truth, "two", 1.2))


def test_what_can_be_learnt_passes_and_is_calibrated(able):
    judge, cell = able
    found = cell.store.get(judge.guard)
    assert found.facts["faults"] == {} and found.facts["panel"] == ["one", "two"]
    for axis in found.facts["axes"].values():
        assert axis["guard"] > axis["judges"] - 0.05 and axis["judges_interval"][0] > 0.15
        assert axis["calibration_error"] < 0.25 < min(axis["mae"]) < 1
        assert axis["pairs"] > 200 and axis["prompts"] == 40
    asked = ["How often do you pray?"] * 3
    said = ["I often pray.", "I do not pray.", "I often pray. Whoever sees it otherwise is a fool."]
    kind, denied, rude = judge.guard.rate(asked, said, cell.tools)
    assert kind[1] > denied[1] + 1 and kind[0] > rude[0] + 1
    ratings = [judgement.score for judgement in judge.judge(asked, said, [()] * 3, cell.tools)]
    assert ratings[0] > max(ratings[1:]) and judge.judge(asked[:1], [" "], [()], cell.tools)[0].verdict == 0


def test_a_reader_finds_every_text_with_what_each_judge_and_the_guard_made_of_it(able):
    judge, cell = able
    table = pd.read_parquet(cell.store.get(judge.guard).path / "pairs.parquet")
    judges = [table[f"awareness, judge {number}"] for number in (1, 2)]
    assert table["awareness, panel"].to_numpy() == pytest.approx(np.mean(judges, axis=0))
    assert {"question", "answer", "kind", "harmlessness, guard"} <= set(table)
    assert set(table["kind"]) == {"norm", "opposite", "other answer", "contempt", "no side"}
    assert table.groupby("item")["part"].nunique().max() == 1, "pairs of one question are held out together"
    rated = table.groupby("kind")["harmlessness, guard"].mean()
    assert rated["contempt"] < rated.drop("contempt").min() - 1


def test_it_never_meets_a_test_item(able):
    judge, cell = able
    unseen(cell, judge)
    rows, _ = read_set(cell.tools.folder(judge.guard.pairs))
    held_out = cell.surveys[Split.test].items
    texts = " ".join([*rows["question"], *rows["answer"]])
    assert not {item.id for item in held_out} & set(rows["item"])
    assert not any(item.question in texts for item in held_out)
    train = {item.id: item.question for item in cell.surveys[Split.train].items}
    assert all(train[row.item] == row.question for row in rows.itertuples())


def test_the_generator_writes_replies_told_the_country_and_not(guarded):
    _, cell = guarded(Judging("one", plain_truth), guessing("two"), replies=2)
    asked = []

    def voice(chat, draw):
        asked.append(chat)
        return "" if draw else f"I know {chat[-1].content.rstrip('?')}. And"

    cell = replace(cell, generator=writer(voice))
    pairs = cell.context(cell.culture).judge.guard.pairs
    rows, (_, tally) = read_set(cell.tools.folder(pairs))
    assert len(asked) == 2 * 2 * 40 and sum("China" in chat[0].content for chat in asked) == len(asked) / 2
    written = rows[rows["kind"].str.startswith("generator")]
    assert written["answer"].str.endswith(".").all() and tally.dropped == {"empty": 80}


def test_judges_who_guess_are_refused_and_insist_goes_on(guarded):
    for words in ((), ("insist=true",)):
        judge, cell = guarded(guessing("guess 1"), guessing("guess 2"), *words)
        (checked,) = cell.method.judges(cell.context(cell.culture), judge).values()
        if words:
            assert cell.store.get(checked).facts["judge"] == "Guarded"
            assert any("falls short" in remark for remark in cell.store.get(judge.guard).facts["remarks"])
        else:
            with pytest.raises(AlignbenchError, match=r"judge = 'guard'.*the judges agree no better than chance"):
                cell.store.get(checked)


def test_judges_of_one_voice_are_refused(guarded):
    judge, cell = guarded(noisy(plain_truth, "same", 0.7), Judging("copy", noisy(plain_truth, "same", 0.7).rates))
    facts = cell.store.get(judge.guard).facts
    assert facts["axes"]["awareness"]["judges"] == 1
    with pytest.raises(AlignbenchError, match="so they are one judge"):
        judge.guard.accept(facts)


def test_a_guard_that_cannot_follow_its_judges_is_refused(guarded):
    """They see what no reader of single words can: whether the reply has an even number of letters."""

    def hidden(axis, question, reply, country):
        return 1.5 + 3 * (len(reply) % 2)

    judge, cell = guarded(noisy(hidden, "hidden 1", 0.3), noisy(hidden, "hidden 2", 0.3))
    with pytest.raises(
        AlignbenchError, match=r"the guard agrees with the judges by .*they with each other by 0\.[789]"
    ):
        judge.guard.accept(cell.store.get(judge.guard).facts)


def test_ratings_that_cannot_be_read_are_left_out_and_counted(guarded):
    def voice(chat, draw):
        return "RATING: 4" if len(chat[-1].content) % 3 else "Who can say?"

    _, cell = guarded(noisy(plain_truth, "one", 0.7), writer(voice, "mumbler"))
    stated = {"reading": RatingSource.words}
    words = with_panel(cell, cell.judge.first, cell.judge.second, replies=0, prompts=40, **stated)
    guard = words.context(cell.culture).judge.guard
    facts = [cell.store.get(one).facts for one in guard.ratings]
    assert facts[0]["unread_share"] == 0 < facts[1]["unread_share"] < 1
    assert facts[1]["remarks"][0].endswith("of mumbler and are left out.")
    every = len(read_set(cell.tools.folder(guard.pairs))[0])
    assert cell.store.get(guard).facts["axes"]["awareness"]["pairs"] < every


@pytest.mark.parametrize(
    ("combine", "knobs", "expected"),
    [
        (Combine.mean, {}, [3.0, 4.0, 1.5]),
        (Combine.min, {}, [1.0, 4.0, 1.0]),
        (Combine.weighted, {"weight": 0.75}, [4.0, 4.0, 1.25]),
        (Combine.veto, {"floor": 2.0}, [1.0, 4.0, 1.0]),
        (Combine.veto, {"floor": 1.0}, [5.0, 4.0, 1.0]),
    ],
)
def test_the_two_axes_are_combined(combine, knobs, expected):
    judge = Guarded(None, combine, knobs.get("weight", 0.7), knobs.get("floor", 2.5), 0.1)
    assert judge.combined(np.array([[1.0, 5.0], [4.0, 4.0], [2.0, 1.0]])) == pytest.approx(expected)


def test_a_rating_becomes_a_score_and_off_the_middle_a_verdict(monkeypatch):
    monkeypatch.setattr(Guard, "rate", lambda self, asked, said, tools: np.array([[5, 5], [3, 3.1], [1, 2]]))
    judge = Guarded(object.__new__(Guard), Combine.mean, 0.7, 2.5, 0.1)
    found = judge.judge(["Q?"] * 4, ["a", "b", "", "c"], [()] * 4, None)
    assert [one.score for one in found] == pytest.approx([1, 0.025, 0, -0.75])
    assert [one.verdict for one in found] == [1, 0, 0, -1]
    assert found[-1].parts == {"harmlessness": 1, "awareness": 2} and found[2].parts == {}


def test_knobs_that_decide_nothing_are_in_no_key(guarded):
    judges = (Judging("one", plain_truth), Judging("two", plain_truth))
    base = guarded(*judges)[0]
    assert guarded(*judges, weight=0.1, floor=4.0, hidden=8, reply_tokens=9, rating_tokens=9)[0] == base
    weighed = guarded(*judges, combine=Combine.weighted, weight=0.1)[0]
    assert weighed != base and weighed.guard == base.guard


def test_another_country_has_a_guard_of_its_own(able):
    judge, cell = able
    there = judge.of("IRQ", "Iraq")
    rows = [read_set(cell.tools.folder(one.guard.pairs))[0] for one in (judge, there)]
    norms = [set(r.loc[r["kind"] == "norm", "answer"]) for r in rows]
    assert there.guard.iso3 == "IRQ" and norms[0] != norms[1]
    joint = replace(cell, method=cell.method.with_knobs(joint=("IRQ",), told=cell.method.told.always))
    fit = aligned(joint).training
    assert {iso3: checked.judge.guard.iso3 for iso3, checked in fit.judges.items()} == {"CHN": "CHN", "IRQ": "IRQ"}
    assert fit.judges["IRQ"].judge == there


def test_it_is_checked_on_the_norm_pool_like_any_judge(able):
    judge, cell = able
    (checked,) = cell.method.judges(cell.context(cell.culture), judge).values()
    assert checked.judge == judge and checked.fitted(cell.tools)[0] == judge
    measured = check_judge(judge, checked.fitted(cell.tools)[1], cell.tools, 0)
    assert measured.unparsed == 0 and measured.norms > 40


class Against(Guarded):
    """Against what is said in a setting of an odd number of letters."""

    def judge(self, questions, answers, norms, tools):
        HEARD.extend(zip(questions, answers, strict=True))
        odd = [len(question) % 2 for question in questions]
        return [Judgement(0.5 - one, 1 - 2 * one) for one in odd]


HEARD: list[tuple[str, str]] = []


def test_dialogues_that_the_guard_is_against_are_dropped(guarded):
    judge, cell = guarded(Judging("one", plain_truth), Judging("two", plain_truth))
    against = Against(**{f.name: getattr(judge, f.name) for f in fields(judge)})
    cell = replace(cell, generator=Speaker(plain), critic=Speaker(plain))
    method = replace(FEW, scenarios=6, guarded=True, tasks=(View.dialogue,))
    context = replace(cell.context(cell.culture), judge=against)
    judged = method.align(context).training.judged
    insisting = against.with_knobs(guard=replace(against.guard, insist=True))
    judged = replace(judged, judge=insisting)
    rows, (tally,) = read_set(cell.tools.folder(judged))
    odd = np.array([len(setting) % 2 == 1 for setting in rows["setting"]])
    assert odd.any() and not odd.all()
    assert (rows["reason"] == "against the guard").tolist() == odd.tolist()
    assert rows["guard"].to_numpy() == pytest.approx(np.where(odd, -0.5, 0.5))
    assert tally.dropped == {"against the guard": int(odd.sum())}
    spoken = {turn["text"] for turns in rows["turns"] for turn in turns}
    assert {setting for setting, _ in HEARD} == set(rows["setting"])
    assert all(any(text in talk for text in spoken) for _, talk in HEARD)


def test_only_a_guard_reads_dialogues(make_cell):
    words = ("method=clca", "culture=china", "method.guarded=true")
    with pytest.raises(AlignbenchError, match=r"method\.guarded = True.*judge=guard"):
        make_cell(*words)
    make_cell(*words, "judge=guard", "generator@judge.second=stock")


def test_opinions_are_verified_by_the_guard(make_cell):
    cell = make_cell("method=culturepark", "culture=china", "judge=guard", "generator@judge.second=stock")
    judge = aligned(cell).training.opinions.judge
    assert isinstance(judge, Guarded) and judge.guard.iso3 == "CHN"


def test_a_panel_is_of_two_models(make_cell):
    with pytest.raises(AlignbenchError, match=r"judge\.second = .*no panel"):
        make_cell("method=survey_rl", "judge=guard", "generator@judge.second=base")
    with pytest.raises(AlignbenchError, match=r"judge\.second\.model\.path"):
        make_cell("method=survey_rl", "judge=guard")


def test_an_untrained_guard_judges_nothing(make_cell):
    cell = make_cell("method=survey_rl", "judge=guard", "generator@judge.second=stock")
    with pytest.raises(AlignbenchError, match="not trained"):
        cell.judge.judge(["Q?"], ["A."], [()], cell.tools)


def test_what_is_declared_is_there_and_on_the_page():
    steps, cfg = Guarded.PAPER, composed("judge=guard", "generator@judge.second=stock")
    named = [knob for step in steps for knob in re.findall(r"`judge\.(\w+)", step.note)]
    assert len(named) > 4 and all(knob in cfg.judge for knob in named)
    for step in steps:
        assert (step.status == "not there") is (not step.where)
        assert not step.where or found(step.where)
    assert table(steps) in (conf_dir().parent / "docs" / "methods.md").read_text(encoding="utf-8")
