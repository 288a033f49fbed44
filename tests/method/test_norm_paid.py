"""Which judge can give which reward by which norms: each pair works, or is refused by name before weights load."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import product

import pytest

from alignbench.errors import AlignbenchError
from alignbench.judge.llm import LLMJudge
from alignbench.method.culturerl import Payment
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import Retrieval
from alignbench.steps.norm_reward import Reward

from .chains import made
from .writers import writer

OPEN = ("method=culturerl", "culture=iraq", "method.wordings=template", "method.prompts=40")
JUDGES = pytest.mark.parametrize("judge", ["embedding", "likelihood", "blend", "llm"])


@pytest.fixture
def store_folder(module_store):
    shutil.rmtree(module_store / "fit", ignore_errors=True)
    return module_store


def voice(chat, draw):
    """A language model that knows which rule an answer is about, and mumbles now and then."""
    text = chat[-1].content
    rules = dict(re.findall(r"^(\d+)\. People(?: in Iraq)? (.+)$", text, re.MULTILINE))
    if "which side they take" in text:
        return "VERDICT: 0, RULE: none" if "maybe" in text else "VERDICT: +1, RULE: 1"
    said = [number for number, rule in rules.items() if f"I {rule}" in text]
    if not said:
        return "VERDICT: -1, RULE: 1" if len(text) % 5 else "Hard to say."
    return f"VERDICT: +1, RULE: {said[0]}"


def spoken(cell):
    return replace(cell, judge=LLMJudge(writer(voice)))


@JUDGES
def test_of_open_practice(judge, make_cell):
    cell = make_cell(*OPEN, f"judge={judge}", "method.pool_items=train")
    context = cell.context(cell.culture)
    for reward, retrieval in product(Payment, Retrieval):
        method = cell.method.with_knobs(reward=reward, retrieval=retrieval)
        if reward is Payment.score and judge == "llm":
            with pytest.raises(AlignbenchError, match=r"method\.reward = 'score'.*method\.reward=verdict"):
                method.admit(context)
        elif retrieval is Retrieval.none and judge != "llm":
            with pytest.raises(AlignbenchError, match=r"method\.retrieval = 'none'.*judge=llm"):
                method.admit(context)
        else:
            method.admit(context)
            assert method.align(context).training.reward is reward


@JUDGES
def test_of_survey_practice(judge, make_cell):
    cell = make_cell("method=survey_rl", "culture=iraq", f"judge={judge}", "method.pool_items=train")
    context = cell.context(cell.culture)
    for reward in Reward:
        method = cell.method.with_knobs(reward=reward)
        method.admit(context)
        assert method.align(context).training.reward is reward


@pytest.mark.parametrize("retrieval", Retrieval)
def test_a_language_model_pays_for_open_answers(retrieval, make_cell, monkeypatch):
    given = []

    def train(job, rows, reward, start):
        given.append((rows, reward))
        (job.folder / "history.json").write_text('[{"update": 1, "unread_share": 0.0}]')
        return {}

    monkeypatch.setattr("alignbench.method.culturerl.train_grpo", train)
    monkeypatch.setattr("alignbench.method.culturerl.cluster_effect", lambda *_: None)
    found = made(spoken(make_cell(*OPEN, "judge=llm", "insist=true", f"method.retrieval={retrieval.name}")))
    ((rows, reward),) = given
    metas = [row.meta for row in rows[:4]]
    held = [meta["norms"][0].spoken_by("I").statement for meta in metas]
    said = ["I do."] * 4 if retrieval is Retrieval.none else held
    assert reward(said, metas).rewards == [1.0] * 4
    assert reward(["maybe"] * 4, metas).rewards != [1.0] * 4
    assert found.stage("judge_check").facts["judge"] == "LLMJudge"


@pytest.mark.parametrize("reward", Reward)
def test_a_language_model_pays_for_options_and_what_it_leaves_unsaid_is_counted(reward, make_cell, monkeypatch):
    rows = []
    monkeypatch.setattr(
        "alignbench.steps.norm_reward.train_on_options", lambda job, given, *_: rows.extend(given) or {}
    )
    words = ("method=survey_rl", "culture=iraq", "judge=llm", "insist=true", f"method.reward={reward.name}")
    found = made(spoken(make_cell(*words)))
    pool = NormPool.load(found.stage("norms").path)
    own = [row for row in rows if row.item in {norm.item for norm in pool.norms}]
    if reward is Reward.verdict:
        assert all(1.0 in row.rewards for row in own)
    else:
        assert sum(max(row.target) > 1.2 / len(row.target) for row in own) > 0.9 * len(own) > 30
    unread = found.fit.facts["unread_share"]
    assert 0 < unread < 1 and found.fit.facts["remarks"] == [
        f"{unread:.1%} of the judge's replies in training held no verdict and were paid 0."
    ]
