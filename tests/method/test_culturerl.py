"""CultureRL on the tiny model: the paper's form, what pays a reply, and what is refused."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alignbench.embedder.minilm import MiniLM
from alignbench.errors import AlignbenchError
from alignbench.judge import Judge, Judgement
from alignbench.judge.embedding import EmbeddingJudge
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import DECISIVE, Retrieval, TrainingPrompt, retrieved, stance_system
from alignbench.runs.compare import contenders
from alignbench.steps import cluster_effect
from alignbench.steps.norm_pool import CheckJudge
from alignbench.training.selection import Job
from alignbench.types import Split
from tests.composing import with_embedder

from .chains import aligned, key, made
from .writers import writer

OPEN = ("method=culturerl", "culture=china", "method.wordings=template")


@pytest.fixture
def store_folder(module_store):
    """Pools, checks of judges and prompts are made once for all tests, trainings in each."""
    shutil.rmtree(module_store / "fit", ignore_errors=True)
    return module_store


@pytest.fixture
def practice(monkeypatch):
    """Rows and reward that the trainer was called with; nothing is trained, and clusters are not tried out."""
    calls = []

    def train(job: Job, rows, reward, start):
        calls.append((rows, reward, start))
        (job.folder / "history.json").write_text('[{"update": 1, "unread_share": 0.25}]')
        return {}

    monkeypatch.setattr("alignbench.method.culturerl.train_grpo", train)
    monkeypatch.setattr("alignbench.method.culturerl.cluster_effect", lambda *_: None)
    return calls


@pytest.fixture
def pool(make_cell):
    """China's default pool."""
    cell = make_cell(*OPEN)
    (checked,) = cell.method.judges(cell.context(cell.culture), cell.judge).values()
    return NormPool.load(cell.tools.folder(checked.pool))


class Likes(Judge):
    """Pays for a letter that is said twice: what a model that has learnt nothing can learn in seconds."""

    def judge(self, questions, answers, norms, tools):
        verdicts = [1 if answer.count("e") > 1 else -1 for answer in answers]
        return [Judgement(float(verdict), verdict) for verdict in verdicts]


@pytest.mark.long
def test_what_the_judge_pays_for_is_written_more_and_more(make_cell, monkeypatch):
    real = CheckJudge.fitted
    monkeypatch.setattr(CheckJudge, "fitted", lambda self, tools: (Likes(), real(self, tools)[1]))
    cell = make_cell(
        *OPEN, "method.prompts=20", "method.retrieval=all", "training.updates=12", "training.checkpoint_every=12",
        "training.generations=8", "training.prompts_per_update=1", "training.micro_batch=8",
        "training.max_new_tokens=6", "training.learning_rate=0.02", "training.warmup=0", "training.select=validation",
    )  # fmt: skip
    found = made(cell)
    history = json.loads((found.fit.path / "history.json").read_text())
    assert (found.fit.path / "adapter_model.safetensors").is_file()
    assert [h["update"] for h in history] == [*range(1, 13)] and history[-1].keys() >= {"validation"}
    assert all({"zero_variance_share", "reward", "unread_share"} <= h.keys() for h in history)
    assert found.fit.facts["judge_calls"] == 12 * 8
    paid = [update["reward"] for update in history]
    assert np.mean(paid[-4:]) > np.mean(paid[:4]) + 0.3


def test_prompts_are_the_pools_items_in_many_wordings_and_the_nearest_share_of_them(make_cell, practice):
    """C4: there was one wording an item, 31 prompts in all."""
    cell = make_cell("method=culturerl", "culture=china", "method.prompts=100")

    def voice(chat, draw):
        asked = chat[-1].content.removeprefix("Say in other words: ")
        return f"Tell me: {asked}" if draw == 0 else ""

    found = made(replace(cell, generator=writer(voice)))
    stage = found.stage("prompts")
    frame = pd.read_csv(stage.path / "prompts.csv")
    assert len(frame) == 100 == stage.facts["prompts"] and frame["question"].is_unique
    assert stage.facts["candidates"] == 3 * 62  # 100 are 70 % of 143: three wordings of 62 items
    assert set(frame["wording"]) == {"survey", "generator", "template"}
    assert frame["distance"].max() == stage.facts["farthest"] < 1.3
    (said,) = stage.facts["remarks"]
    assert said.startswith("100 training prompts: ") and "paraphrased by stand-in" in said and "from templates" in said
    held_out = {item.id for item in cell.surveys[Split.test].items}
    assert not held_out & set(frame["item"])


def test_the_default_makes_about_as_many_prompts_as_the_authors_had(make_cell, practice):
    found = made(make_cell(*OPEN))
    assert found.stage("prompts").facts["prompts"] == found.fit.facts["prompts"] == 345
    assert "unread_share" in found.fit.facts and "25.0% of the judge's replies" in found.fit.facts["remarks"][0]


def test_a_warm_start_on_stances_learns_each_prompts_own_norm_and_practice_goes_on_from_it(
    make_cell, practice, pool, monkeypatch
):
    learnt = []
    monkeypatch.setattr("alignbench.method.culturerl.train_sft", lambda job, rows: learnt.extend(rows) or {})
    cell = make_cell(*OPEN, "method.warm_start=stances", "training.select=validation")
    first, last = made(cell).stages("fit")
    assert [start for *_, start in practice] == [first.path] and last != first
    own = {cell.survey.item(norm.item).question: norm.spoken_by("I").statement for norm in pool.norms}
    said = {row.chat[-1].content: row.reply for row in learnt}
    in_its_words = said.keys() & own.keys()
    assert len(in_its_words) > 15 and all(said[question] == own[question] for question in in_its_words)
    assert len(said) == len(learnt) > 200 and set(said.values()) <= set(own.values())


def test_a_warm_start_on_the_survey_is_survey_rl(make_cell, practice, monkeypatch):
    monkeypatch.setattr("alignbench.steps.norm_reward.train_on_options", lambda *_: {})
    first, _ = made(make_cell(*OPEN, "method.warm_start=survey", "training.select=validation")).stages("fit")
    assert [start for *_, start in practice] == [first.path]
    words = ("method=survey_rl", "culture=china", "method.reward=verdict", "method.told=always")
    alone = make_cell(*words, "training.select=validation")
    assert key(alone, aligned(alone)) == first.key


def test_each_retrieval_pays_by_its_norms(make_cell, pool):
    cell = make_cell(*OPEN)
    norm = next(norm for norm in pool.norms if len(pool.norms_of(norm.cluster)) > 1)
    item = cell.survey.item(norm.item)
    prompt = TrainingPrompt(norm.item, item.question, norm.cluster, 0.5)

    def held(how, own=True):
        return retrieved([prompt], pool, cell.embedder, how, own)[0]

    assert held(Retrieval.cluster) == pool.norms_of(norm.cluster) != pool.norms
    assert held(Retrieval.all) == pool.norms
    assert len(held(Retrieval.top5)) == 5 and norm in held(Retrieval.top5)
    assert held(Retrieval.none) == (DECISIVE,)
    for how in (Retrieval.cluster, Retrieval.all, Retrieval.top5):
        assert norm not in held(how, own=False) and held(how, own=False)


@pytest.mark.parametrize("own", ["included", "excluded"])
def test_a_reply_is_judged_with_or_without_the_norm_of_its_own_question(own, make_cell, practice, pool):
    cell = make_cell(*OPEN, "method.retrieval=all", f"method.own_norm={own}")
    made(cell)
    item_of = {cell.survey.item(norm.item).question: norm.item for norm in pool.norms}
    ((rows, *_),) = practice
    asked = [row.meta for row in rows if row.meta["question"] in item_of]
    assert asked and {item_of[m["question"]] in {n.item for n in m["norms"]} for m in asked} == {own == "included"}


def test_verdicts_that_cannot_be_read_are_paid_nothing_and_counted(make_cell, practice, monkeypatch):
    class Mumbles(Judge):
        """Is understood where it judges more than a blank."""

        def judge(self, questions, answers, norms, tools):
            return [Judgement(float(bool(a)), int(bool(a)), parsed=bool(a)) for a in answers]

    real = CheckJudge.fitted
    monkeypatch.setattr(CheckJudge, "fitted", lambda self, tools: (Mumbles(), real(self, tools)[1]))
    found = made(make_cell(*OPEN))
    ((rows, reward, _),) = practice
    paid = reward(["yes", "", "no", ""], [row.meta for row in rows[:4]])
    assert (paid.rewards, paid.unread) == ([1, 0, 1, 0], 2)
    assert found.fit.facts["unread_share"] == 0.25


def test_the_judge_weighs_every_norm_of_the_set(make_cell, pool):
    cell = make_cell(*OPEN)
    held = max((pool.norms_of(k) for k in range(len(pool.names))), key=len)
    answer = held[0].spoken_by("I").statement
    tools = cell.tools
    for spread, alone in ((0.0, True), (0.5, False)):
        judge = EmbeddingJudge(spread=spread, embedder=cell.embedder)
        (heard,) = judge.find([""], [answer], [held])
        assert (len(heard) == 1) is alone and heard[0].norm == held[0]
        assert sum(one.weight for one in heard) == pytest.approx(1)
        (judged,) = judge.judge([""], [answer], [held], tools)
        assert judged.score == pytest.approx(sum(one.weight * one.contrast for one in heard))


def test_how_many_clusters_there_are_follows_from_the_vectors_and_is_said(make_cell, pool):
    cell = make_cell(*OPEN)
    (checked,) = cell.method.judges(cell.context(cell.culture), cell.judge).values()
    assert pool.names == checked.pool.clustered(clusters=len(pool.names), seed=42).names
    assert 4 <= len(pool.names) <= 16
    (said,) = cell.tools.facts(checked.pool)["remarks"]
    assert said.startswith(f"The norms stand in {len(pool.names)} clusters: ") and "silhouette" in said


def test_clusters_that_decide_nothing_are_said_to(make_cell, practice, monkeypatch):
    monkeypatch.setattr("alignbench.method.culturerl.cluster_effect", cluster_effect.cluster_effect)
    monkeypatch.setattr(cluster_effect, "_verdicts", lambda options, *rest: [1] * len(options))
    found = made(make_cell(*OPEN, "method.clusters=8"))
    assert "Clusters decide nothing here: 0% of" in found.fit.facts["remarks"][-1]
    assert "with 4 or 32 than with 8" in found.fit.facts["remarks"][-1]


@pytest.mark.long
def test_on_iraq_clusters_decide_with_the_default_judge_and_not_where_the_nearest_norm_decides_alone(
    make_cell, monkeypatch
):
    """C1: with the default embedder 4, 8 and 32 clusters paid the same on 98 % of the options."""
    usual, known = MiniLM.encode, {}

    def encode(self, texts):
        known.update(zip(new := [t for t in dict.fromkeys(texts) if t not in known], usual(self, new), strict=True))
        return np.stack([known[text] for text in texts])

    monkeypatch.setattr(MiniLM, "encode", encode)
    cell = with_embedder(make_cell("method=survey_rl", "culture=iraq", "method.clusters=8"), MiniLM())
    for spread, decide in ((EmbeddingJudge.spread, True), (0.0, False)):
        checked = cell.method.judges(cell.context(cell.culture), replace(cell.judge, spread=spread))["IRQ"]
        # As judge_check fits them, which takes longer than this test may.
        judge, pool = replace(checked.judge, related_cut=0.41), checked.pool.clustered(**checked.pool.read)
        monkeypatch.setattr(CheckJudge, "fitted", lambda self, tools, found=(judge, pool): found)
        effect = cluster_effect.cluster_effect(checked, True, cell.tools)
        assert effect.counts == (4, 8, 32)
        assert (effect.share >= 0.2) is decide and ("decide nothing" in effect.remarks[0]) is not decide


@pytest.mark.parametrize(("told", "named", "asked"), [("always", 1, 1), ("training", 1, 0), ("never", 0, 0)])
def test_the_country_is_named_where_told_says(told, named, asked, make_cell, practice):
    """C3: it was named in training and never when asked, with no knob."""
    found = made(make_cell(*OPEN, f"method.told={told}"))
    rows = practice[0][0]
    assert {row.chat[0].content for row in rows} == {stance_system("China" if named else None)}
    assert [bool(text and "China" in text) for text in found.model.policy.systems] == [bool(asked)]


def test_a_control_that_joint_does_not_name_takes_the_place_of_the_culture(make_cell):
    """C3: with joint=[IRQ] the control learnt from Iraq and Argentina."""
    cell = make_cell(*OPEN, "culture=iraq", "culture.control=argentina", "method.joint=[IRQ,CHN]")
    models = {one.kind: one.model for one in contenders(cell) if one.method == "culturerl"}
    assert set(models["method"].training.judges) == {"IRQ", "CHN"}
    assert set(models["control"].training.judges) == {"ARG", "CHN"}
    both = make_cell(*OPEN, "culture=iraq", "culture.control=argentina", "method.joint=[IRQ,ARG]")
    models = {one.kind: one.model for one in contenders(both) if one.method == "culturerl"}
    assert models["method"].training.recipe == models["control"].training.recipe


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("method.joint=[IRQ]", "method.told=never"), r"method\.told = 'never'.*told apart"),
        (("method.pool_size=8", "method.clusters=8"), r"method\.pool_size = 8"),
        (("method.clusters=many",), r"method\.clusters = 'many'.*or auto"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(words, message, make_cell):
    with pytest.raises(AlignbenchError, match=message):
        make_cell(*OPEN, *words)
