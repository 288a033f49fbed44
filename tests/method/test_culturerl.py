"""CultureRL on the tiny model: the norms steer the answers, and the knobs do what they say."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.method.culturerl import CultureRL, Prompts, Reward
from alignbench.norms.pool import NormPool
from alignbench.steps.norm_reward import by_option
from alignbench.types import Split

from .chains import aligned, key, made


def history_of(found):
    return json.loads((found.fit.path / "history.json").read_text())


def test_a_level_of_two_options_shares_its_mass(make_cell):
    item = next(i for i in make_cell("culture=iraq").survey.items if len(i.codes) == 10)
    shares = by_option(item, [0.5, 0.2, 0.1, 0.1, 0.1], spread=True)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == shares[1] == pytest.approx(0.25)
    assert by_option(item, [1, 0, 0, 0, -1]) == [1, 1, 0, 0, 0, 0, 0, 0, -1, -1]


def test_practice_is_paid_more_and_more(make_cell):
    cell = make_cell(
        "method=culturerl", "culture=iraq", "training.updates=40", "training.checkpoint_every=40",
        "training.learning_rate=0.003", "training.prompts_per_update=16", "training.option_generations=32",
    )  # fmt: skip
    history = history_of(made(cell))
    reward = [h["reward"] for h in history]
    assert np.mean(reward[-5:]) > np.mean(reward[:5]) + 0.1
    assert history[-1]["option_mass"] > history[0]["option_mass"]


@pytest.mark.parametrize("prompts", ["open", "mix"])
def test_open_practice_leaves_an_adapter_and_its_history(prompts, make_cell):
    words = ("method=culturerl", "culture=china", "method.reward=verdict", "training.select=validation")
    cell = make_cell(*words, f"method.prompts={prompts}")
    found = made(cell)
    history = history_of(found)
    assert [h["update"] for h in history] == [1, 2]
    assert all({"zero_variance_share", "reward", "validation"} <= h.keys() for h in history)
    t = cell.training
    assert found.fit.facts["open"]["judge_calls"] == t.updates * t.prompts_per_update * t.generations


def test_warm_start_is_learnt_from_the_cultures_stances(make_cell):
    cell = make_cell(
        "method=culturerl", "culture=china", "method.prompts=open", "method.warm_start=true",
        "training.max_new_tokens=64", "training.select=validation",
    )  # fmt: skip
    first = made(cell).fit.path / "first"
    assert (first / "adapter_model.safetensors").is_file()
    assert all("validation" in h for h in json.loads((first / "history.json").read_text()))


def test_warm_start_without_open_practice_is_refused():
    with pytest.raises(AlignbenchError, match=r"method\.prompts=open"):
        CultureRL(prompts=Prompts.survey, warm_start=True)


@pytest.mark.parametrize("reward", list(Reward))
def test_targets_follow_the_judge(reward, make_cell):
    cell = make_cell("method=culturerl", "culture=iraq", f"method.reward={reward.name}")
    found = made(cell)
    scores = json.loads((found.fit.path / "option_scores.json").read_text())
    pool = {n.item: n for n in NormPool.load(found.stage("norms").path).norms}
    agree = [np.argmax([j["score"] for j in row]) == pool[i].level for i, row in scores.items() if i in pool]
    assert np.mean(agree) > 0.8
    assert found.fit.facts["survey"]["judge_calls"] == sum(map(len, scores.values()))
    assert not set(scores) & {item.id for item in cell.surveys[Split.test].items}


def test_a_judge_near_chance_is_refused_unless_insisted(make_cell, monkeypatch):
    from alignbench.method import culturerl

    real = culturerl.calibrate
    monkeypatch.setattr(culturerl, "calibrate", lambda *a, **k: replace(real(*a, **k), near_chance=True))
    with pytest.raises(AlignbenchError, match="near chance"):
        made(make_cell("method=culturerl", "culture=iraq"))
    found = made(make_cell("method=culturerl", "culture=iraq", "insist=true"))
    assert found.fit.facts["survey"]["updates"] == 2 and found.stage("calibrate").facts["near_chance"]


def test_another_countrys_norms_make_another_model(make_cell):
    cell = make_cell("method=culturerl", "culture=iraq", "culture.control=china")
    own, cross = key(cell, aligned(cell)), key(cell, aligned(cell, cell.control))
    same = make_cell("method=culturerl", "culture=china")
    assert own != cross == key(same, aligned(same))


@pytest.mark.parametrize(("pool_items", "size"), [("varying", 62), ("train", 141), ("paper", 37)])
def test_the_pool_holds_the_items_that_were_asked_for(pool_items, size, make_cell):
    cell = make_cell("culture=germany", "method=culturerl", f"method.pool_items={pool_items}")
    items = cell.method._items(cell.surveys[Split.train])
    assert len(items) == size
    assert set(items) <= {item.id for item in cell.surveys[Split.train].items}


def test_practice_keeps_to_the_items_of_the_pool(make_cell):
    cell = make_cell("culture=iraq", "method=culturerl", "method.pool_size=20")
    found = made(cell)
    pool = NormPool.load(found.stage("norms").path)
    practised = json.loads((found.fit.path / "option_scores.json").read_text())
    assert {norm.item for norm in pool.norms} <= set(practised)
    assert len(practised) == 20
