"""CultureRL: norms of a culture as the reward of reinforcement learning.

Source: Zhao et al., AAAI 2026 (doi 10.1609/aaai.v40i44.41150), steps as in the authors' code: A norm pool construction
(:mod:`alignbench.steps.norm_pool`), B training prompts near a cluster, C norm-cluster reward and GRPO on free text.
Read ``align`` and the stages after it top to bottom. ``CultureRL.PAPER`` says step by step what is as published and
what is ours; the same practice on survey questions is ``method=survey_rl``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.component import Count, PositiveShare
from alignbench.judge.decisive import by_single_norm
from alignbench.judge.llm import LLMJudge
from alignbench.method import Method, RunContext
from alignbench.norms.pool import NormPool
from alignbench.norms.prompts import Retrieval, TrainingPrompt, framed, located, nearest, retrieved, stance_system
from alignbench.steps.cluster_effect import cluster_effect
from alignbench.steps.lessons import Disclosure
from alignbench.steps.norm_pool import CheckJudge, OnNorms, Pool
from alignbench.steps.norm_reward import Reward, survey_practice, unread_remark
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, Systems, asked_of, of_run
from alignbench.steps.vary import Paraphrases, Vary
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import read_set
from alignbench.training.grpo import Paid, PromptRow, train_grpo
from alignbench.training.recipe import TrainerKind
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import chat, check


class Payment(Enum):
    """What a reply is paid by."""

    verdict = "verdict"  # the judge's -1/0/+1: the paper's form
    score = "score"  # the judge's graded score, in its own unit (ours)


class WrittenBy(Enum):
    """Who puts the survey's questions in other words."""

    generator = "generator"  # a language model; templates stand in for what it does not write
    template = "template"  # templates alone (ours)


class OwnNorm(Enum):
    """Whether the norm of the question's own item is among those that judge the answer."""

    included = "included"  # as published
    excluded = "excluded"


class WarmStart(Enum):
    """What is learnt before open practice."""

    none = "none"
    stances = "stances"  # the culture's norms in the first person as replies, supervised
    survey = "survey"  # the practice of ``survey_rl``, with its rewards (ours)


@dataclass(frozen=True)
class CultureRL(OnNorms, Method):
    """Knobs of CultureRL; how the weights are trained is ``training``, the judge is ``judge``.

    With ``joint`` the prompts are put once a culture, each time with a system text that names it, and paid by the norms
    of that culture and a judge checked on them.
    """

    # Published: the country is named in training and when the survey is asked.
    told: Disclosure = Disclosure.always
    reward: Payment = Payment.verdict
    retrieval: Retrieval = Retrieval.cluster
    own_norm: OwnNorm = OwnNorm.included
    # Training prompts; about 345 in the authors' data.
    prompts: Count = 345
    # Share of the candidates that is kept, those nearest to a cluster; 345 of the first 492 in the authors' data.
    kept: PositiveShare = 0.7
    wordings: WrittenBy = WrittenBy.generator
    warm_start: WarmStart = WarmStart.none

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep("A1 shares per country", "alignbench.data.survey.Survey"),
        PaperStep(
            "A2 modal answers as statements, A8 as rules",
            "alignbench.norms.pool.build_pool",
            note="worded in the item table, where the paper has a language model word them",
        ),
        PaperStep(
            "A3 62 items on which regions differ",
            "alignbench.steps.norm_pool.OnNorms.items",
            {"method.pool_items": ("varying", "paper")},
            "those of the authors' 62 that are training items here: the test items stay unseen",
        ),
        PaperStep("A4 concepts", "alignbench.types.Item", note="fixed in the item table; the paper has gpt-4o"),
        PaperStep(
            "A5 embeddings",
            "alignbench.embedder.minilm.MiniLM",
            note="a local embedder (`embedder=`); the paper has text-embedding-3-small",
        ),
        PaperStep(
            "A6 k-means",
            "alignbench.norms.pool.cluster",
            {
                "method.clustering": ("kmeans", "kmeans"),
                "method.clusters": ("auto", "8"),
                "method.cluster_seed": ("42", "42"),
            },
            "the authors' 8 suit their embedder; of 4 to 16, auto takes the number with the greatest mean silhouette",
        ),
        PaperStep("A7 names of clusters", "alignbench.norms.pool.build_pool", note="topic and central concept (ours)"),
        PaperStep(
            "B1 survey questions in paraphrases",
            "alignbench.steps.vary.Vary",
            {"method.wordings": ("generator", "generator")},
            "the generator writes them; templates stand in for what it does not write, and pages say how many",
        ),
        PaperStep(
            "B2 prompts near a cluster",
            "alignbench.norms.prompts.nearest",
            {"method.prompts": ("345", "345"), "method.kept": ("0.7", "0.7")},
            "the authors' share is kept, not their distance of about .6, which depends on the embedder",
        ),
        PaperStep(
            "B3 system message with the culture",
            "alignbench.norms.prompts.stance_system",
            {"method.told": ("always", "always")},
        ),
        PaperStep(
            "C1 all norms of the cluster judge",
            "alignbench.norms.prompts.retrieved",
            {"method.retrieval": ("cluster", "cluster"), "method.own_norm": ("included", "included")},
        ),
        PaperStep(
            "C2 a language model as judge",
            "alignbench.judge.llm.LLMJudge",
            {"judge": ("embedding", "llm")},
            "any model on any backend (`generator@judge.generator=`); the paper has gpt-4o-mini",
        ),
        PaperStep(
            "C3 reward -1, 0 or +1",
            "alignbench.method.culturerl.PractiseOpen",
            {"method.reward": ("verdict", "verdict")},
        ),
        PaperStep(
            "C4 GRPO of all weights",
            "alignbench.training.grpo.train_grpo",
            {"training": ("cpu", "culturerl_paper"), "method.warm_start": ("none", "none"), "seed": ("0", "42")},
        ),
        PaperStep("One model of each culture, or one for all", "alignbench.steps.joint.Joint"),
        PaperStep(
            "Base model",
            "alignbench.backend.hf.HF",
            {"model": ("smollm2_135m", "qwen2.5_3b")},
        ),
        PaperStep(
            "Scores of every checkpoint on the test",
            "alignbench.runs.curve.CheckpointScores",
            {
                "training.keep_checkpoints": ("false", "true"),
                "training.checkpoint_every": ("24", "50"),
                "scoring.checkpoints_on_test": ("false", "true"),
            },
            "a curve that says what it looks at: here no checkpoint is chosen by the test",
        ),
        PaperStep(
            "Pairwise win rate by gpt-4o",
            "alignbench.benchmark.win_rate.WinRate",
            note="`task=benchmark benchmark=win_rate`; any model judges (`generator@benchmark.judge=`), in both orders",
        ),
    )

    def admit(self, context: RunContext) -> None:
        """Countries as in ``joint``, and a judge that can give the reward."""
        super().admit(context)
        remedy = "this judge gives verdicts and no grades: say method.reward=verdict"
        check(context.judge.graded or self.reward is Payment.verdict, "method.reward", self.reward.name, remedy)
        remedy = (
            "without norms there is nothing to embed or to weigh: only judge=llm can tell whether an answer decides"
        )
        ruled = self.retrieval is not Retrieval.none or isinstance(context.judge, LLMJudge)
        check(ruled, "method.retrieval", self.retrieval.name, remedy)

    def align(self, context: RunContext) -> AlignedModel:
        """A pool of each country's norms, a judge checked on each, prompts, and a training against them."""
        countries = self.countries(context)
        texts = self.systems(countries)
        asked = self.told.when_asked(texts)
        judges = self.judges(context, context.judge)
        each = ceil(self.prompts / self.kept / len(self.items(context.train)))
        varied = self._varied(context, each - 1)
        prompts = {
            iso3: Prompts(checked.pool, varied, each, self.kept, self.prompts) for iso3, checked in judges.items()
        }
        fit = PractiseOpen(
            prompts=prompts,
            judges=judges,
            reward=self.reward,
            retrieval=self.retrieval,
            own_norm=self.own_norm is OwnNorm.included or self.retrieval is Retrieval.none,
            systems=self._stances(countries),
            start=self._start(context, judges, prompts, asked),
            **of_run(context, TrainerKind.grpo, systems=asked),
        )
        return asked_of(context, fit, asked, self.notes(texts))

    def _stances(self, countries: Mapping[str, str]) -> dict[str, str]:
        named = self.told is not Disclosure.never
        return {iso3: stance_system(name if named else None) for iso3, name in countries.items()}

    def _varied(self, context: RunContext, count: int) -> Vary | None:
        if self.wordings is WrittenBy.template or count == 0:
            return None
        ids = self.items(context.train)
        return Vary(
            seeds=tuple(item for item in context.train.items if item.id in ids),
            survey=context.train,
            generator=context.generator,
            paraphrases=Paraphrases(count),
            synonyms=None,
            embedder=context.embedder,
            seed=context.seed,
            least=0,
        )

    def _start(
        self, context: RunContext, judges: Mapping[str, CheckJudge], prompts: Mapping[str, Prompts], asked: Systems
    ) -> Fit | None:
        countries = self.countries(context)
        if self.warm_start is WarmStart.stances:
            trained = of_run(context, TrainerKind.sft, systems=asked)
            return LearnStances(prompts=prompts, systems=self._stances(countries), **trained)
        if self.warm_start is WarmStart.survey:
            told, items = self.told.in_training(self.systems(countries)), self.items(context.train)
            alone = self.judges(context, by_single_norm(context.judge))
            verdict = self.reward is Payment.verdict
            reward = Reward.verdict if verdict else Reward.support
            return survey_practice(context, alone, items, reward, 1.0, told, asked)
        return None


# B. Training prompts


@dataclass(frozen=True)
class Prompts(Stage):
    """The pool's items in several wordings, each at its nearest cluster; those nearest are kept, in ``prompts.csv``.

    Attributes:
        each: wordings of an item: its own, paraphrases, then templates.
        kept, most: share of the candidates that is kept, and how many at most.
    """

    name = "prompts"

    pool: Pool
    varied: Vary | None
    each: int
    kept: float
    most: int

    @property
    def iso3(self) -> str:
        """The country by whose norms they will be judged."""
        return self.pool.iso3

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Word, locate and choose them."""
        written: dict[str, list[str]] = {}
        if self.varied:
            for row in read_set(tools.folder(self.varied))[0].to_dict("records"):
                written.setdefault(row["item"], []).append(row["question"])
        origin: dict[tuple[str, str], str] = {}
        for item in self.pool.survey.items:
            if item.id in self.pool.items:
                offers = [(item.question, "survey"), *((text, "generator") for text in written.get(item.id, ()))]
                for text, by in [*offers, *((text, "template") for text in framed(item))][: self.each]:
                    origin.setdefault((item.id, text), by)
        pool = NormPool.load(tools.folder(self.pool))
        found = located([(item, text, text) for item, text in origin], pool, self.pool.embedder)
        prompts = nearest(found, self.kept, self.most)
        rows = [(p.item, p.question, origin[p.item, p.question], p.cluster, p.distance) for p in prompts]
        pd.DataFrame(rows, columns=["item", "question", "wording", "cluster", "distance"]).to_csv(
            folder / "prompts.csv", index=False
        )
        made = Counter(wording for _, _, wording, *_ in rows)
        author = f"{made['generator']} paraphrased by {self.varied.generator.title}, " if self.varied else ""
        farthest = max(p.distance for p in prompts)
        said = (
            f"{len(prompts)} training prompts: {made['survey']} in the survey's words, {author}"
            f"{made['template']} from templates; of {len(origin)} candidates those within {farthest:.2f} of a cluster."
        )
        facts = {"prompts": len(prompts), "candidates": len(origin), **made}
        return facts | {"farthest": farthest, "remarks": [said]}

    def read(self, tools: Tools) -> pd.DataFrame:
        """The prompts, for a stage that rests on them."""
        return pd.read_csv(tools.folder(self) / "prompts.csv", dtype={"item": str})


@dataclass(frozen=True, kw_only=True)
class LearnStances(Fit):
    """Supervised warm start: to each prompt the culture's norm on its own item, said in the first person."""

    prompts: Mapping[str, Prompts]
    systems: Mapping[str, str]

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        rows = []
        for iso3, asked in self.prompts.items():
            pool = NormPool.load(tools.folder(asked.pool))
            held = {norm.item: norm.spoken_by("I").statement for norm in pool.norms}
            for item, question in asked.read(tools)[["item", "question"]].itertuples(index=False):
                if item in held:
                    rows.append(ConversationRow(chat(question, self.systems[iso3]), held[item]))
        return train_sft(self.job(folder), rows)


# C. Norm-cluster reward and GRPO


@dataclass(frozen=True, kw_only=True)
class PractiseOpen(Fit):
    """Free text, judged against the norms that are retrieved for its question.

    Attributes:
        own_norm: whether the norm of the question's own item may be among them.
        systems: what is said before the questions.
        start: the training that this one goes on from.
    """

    prompts: Mapping[str, Prompts]
    judges: Mapping[str, CheckJudge]
    reward: Payment
    retrieval: Retrieval
    own_norm: bool
    systems: Mapping[str, str]
    start: Fit | None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter.

        Raises:
            AlignbenchError: every reward group stays without variance.
        """
        rows = [row for iso3 in self.prompts for row in self._rows(iso3, tools)]
        judges = {iso3: checked.fitted(tools)[0] for iso3, checked in self.judges.items()}

        def reward(replies: Sequence[str], meta: Sequence[Mapping[str, Any]]) -> Paid:
            paid, unread = np.zeros(len(replies)), 0
            for iso3 in {m["country"] for m in meta}:
                own = [i for i, m in enumerate(meta) if m["country"] == iso3]
                asked, norms = ([meta[i][name] for i in own] for name in ("question", "norms"))
                judged = judges[iso3].judge(asked, [replies[i] for i in own], norms, tools)
                paid[own] = [j.verdict if self.reward is Payment.verdict else j.score for j in judged]
                unread += sum(not j.parsed for j in judged)
            return Paid(paid.tolist(), unread)

        training = self.training.for_rows(len(rows))
        start = tools.folder(self.start) if self.start else None
        calls = training.updates * training.prompts_per_update * training.generations
        facts = {"prompts": len(rows), "judge_calls": calls, **train_grpo(self.job(folder), rows, reward, start)}
        history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
        unread = float(np.mean([update["unread_share"] for update in history]))
        remarks = unread_remark(unread)
        if self.retrieval is Retrieval.cluster:
            for checked in self.judges.values():
                effect = cluster_effect(checked, self.own_norm, tools)
                remarks += effect.remarks if effect else []
        return facts | {"unread_share": unread, "remarks": remarks}

    def _rows(self, iso3: str, tools: Tools) -> list[PromptRow]:
        """The country's prompts for which norms are retrieved, each with them."""
        asked, checked = self.prompts[iso3].read(tools), self.judges[iso3]
        pool = NormPool.load(tools.folder(checked.pool))
        prompts = [
            TrainingPrompt(*row) for row in asked[["item", "question", "cluster", "distance"]].itertuples(index=False)
        ]
        norms = retrieved(prompts, pool, checked.pool.embedder, self.retrieval, self.own_norm)
        return [
            PromptRow(chat(p.question, self.systems[iso3]), {"country": iso3, "question": p.question, "norms": held})
            for p, held in zip(prompts, norms, strict=True)
            if held
        ]
