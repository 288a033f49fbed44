"""Survey RL on the tiny model: the norms steer the answers, and the knobs do what they say."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.judge import Judge, Judgement
from alignbench.norms.pool import NormPool
from alignbench.steps import norm_pool, norm_reward
from alignbench.steps.norm_reward import Reward, by_option
from alignbench.types import Split

from .chains import aligned, key, made


@pytest.fixture
def store_folder(module_store):
    """Pools and checks of judges are made once for all tests, trainings in each."""
    shutil.rmtree(module_store / "fit", ignore_errors=True)
    return module_store


@pytest.fixture
def practised(monkeypatch):
    """Rows that the trainer was called with; nothing is trained."""
    rows = []
    monkeypatch.setattr(norm_reward, "train_on_options", lambda job, given, *rest: rows.extend(given) or {})
    return rows


def test_a_level_of_two_options_shares_its_mass(make_cell):
    item = next(i for i in make_cell("culture=iraq").survey.items if len(i.codes) == 10)
    shares = by_option(item, [0.5, 0.2, 0.1, 0.1, 0.1], spread=True)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == shares[1] == pytest.approx(0.25)
    assert by_option(item, [1, 0, 0, 0, -1]) == [1, 1, 0, 0, 0, 0, 0, 0, -1, -1]


@pytest.mark.long
def test_practice_is_paid_more_and_more(make_cell):
    cell = make_cell(
        "method=survey_rl", "culture=iraq", "training.updates=16", "training.checkpoint_every=16",
        "training.learning_rate=0.01", "training.prompts_per_update=12", "training.option_generations=32",
    )  # fmt: skip
    history = json.loads((made(cell).fit.path / "history.json").read_text())
    reward = [h["reward"] for h in history]
    assert np.mean(reward[-5:]) > np.mean(reward[:5]) + 0.1
    assert history[-1]["option_mass"] > history[0]["option_mass"]


@pytest.mark.parametrize("reward", list(Reward))
def test_targets_follow_the_judge(reward, make_cell, practised):
    cell = make_cell("method=survey_rl", "culture=iraq", f"method.reward={reward.name}")
    found = made(cell)
    scores = json.loads((found.fit.path / "option_scores.json").read_text())
    pool = {n.item: n for n in NormPool.load(found.stage("norms").path).norms}
    agree = [np.argmax([j["score"] for j in row]) == pool[i].level for i, row in scores.items() if i in pool]
    assert np.mean(agree) > 0.8
    assert found.fit.facts["judge_calls"] == sum(map(len, scores.values()))
    assert not set(scores) & {item.id for item in cell.surveys[Split.test].items}


class Verdicts(Judge):
    """A judge of verdicts: the level whose statement a norm holds is right; it names the norm, or not."""

    def __init__(self, named):
        self.named = named

    def with_knobs(self, **knobs):
        return self

    def judge(self, questions, answers, norms, tools):
        return [self._one(answer, held) for answer, held in zip(answers, norms, strict=True)]

    def _one(self, answer, held):
        said = next((n for n in held if n.spoken_by("I").statement == answer), None)
        verdict = -1 if said is None else 1
        return Judgement(float(verdict), verdict, said.item if said and self.named else None, parsed=said is not None)


@pytest.mark.parametrize("named", [True, False])
def test_verdicts_alone_make_targets_as_peaked_as_the_norm_is_held(named, make_cell, practised, monkeypatch):
    """C2: a judge without an item made every target uniform."""
    real = norm_pool.CheckJudge.fitted
    monkeypatch.setattr(norm_pool.CheckJudge, "fitted", lambda self, tools: (Verdicts(named), real(self, tools)[1]))
    found = made(make_cell("method=survey_rl", "culture=iraq"))
    norms = {n.item: n for n in NormPool.load(found.stage("norms").path).norms}
    wide = [row for row in practised if row.item in norms and len(row.target) == 4 and norms[row.item].support > 0.25]
    assert wide and all(max(row.target) == pytest.approx(norms[row.item].support, abs=1e-6) for row in wide)
    share = found.fit.facts["unread_share"]
    assert 0 < share < 1 and f"{share:.1%} of the judge's replies" in found.fit.facts["remarks"][0]


def test_a_judge_near_chance_is_refused_unless_insisted(make_cell, practised, monkeypatch):
    shutil.rmtree(make_cell().store.root / "judge_check", ignore_errors=True)
    real = norm_pool.check_judge
    monkeypatch.setattr(norm_pool, "check_judge", lambda *a, **k: replace(real(*a, **k), near_chance=True))
    with pytest.raises(AlignbenchError, match="near chance"):
        made(make_cell("method=survey_rl", "culture=iraq"))
    found = made(make_cell("method=survey_rl", "culture=iraq", "insist=true"))
    assert practised and found.stage("judge_check").facts["near_chance"]


def test_another_countrys_norms_make_another_model(make_cell):
    cell = make_cell("method=survey_rl", "culture=iraq", "culture.control=china")
    own, cross = key(cell, aligned(cell)), key(cell, aligned(cell, cell.control))
    same = make_cell("method=survey_rl", "culture=china")
    assert own != cross == key(same, aligned(same))


@pytest.mark.parametrize(("pool_items", "size"), [("varying", 62), ("train", 141), ("paper", 37)])
def test_the_pool_holds_the_items_that_were_asked_for(pool_items, size, make_cell):
    cell = make_cell("culture=germany", "method=survey_rl", f"method.pool_items={pool_items}")
    items = cell.method.items(cell.surveys[Split.train])
    assert len(items) == size
    assert set(items) <= {item.id for item in cell.surveys[Split.train].items}


@pytest.mark.long
def test_practice_keeps_to_the_items_of_the_pool(make_cell, practised):
    cell = make_cell("culture=iraq", "method=survey_rl", "method.pool_size=20")
    pool = NormPool.load(made(cell).stage("norms").path)
    items = {row.item for row in practised}
    assert {norm.item for norm in pool.norms} <= items
    assert len(items) == 20
