"""CultureRL: norms of a culture as the reward of reinforcement learning.

Source: Zhao et al., AAAI 2026 (doi 10.1609/aaai.v40i44.41150), steps as in the authors' code:
A norm pool construction, B training prompts near a cluster, C norm-cluster reward and GRPO.
Read ``fit`` top to bottom. What is ours is named so in every table: the local judges, the
``survey`` prompts (one-token answers to survey questions) and the distribution rewards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from alignbench.data.distance import regional_variation
from alignbench.data.published import published_set
from alignbench.data.survey import Survey
from alignbench.errors import AlignbenchError
from alignbench.judge import Judge, Judgement
from alignbench.judge.calibration import calibrate, fit_thresholds
from alignbench.judge.targets import entropy_matched, peak_matched
from alignbench.method import Method, RunContext
from alignbench.method.culturerl_run import Run, by_option
from alignbench.method.practice import option_rows, selector
from alignbench.norms.cluster import Clustering
from alignbench.norms.pool import NormPool, build_pool
from alignbench.norms.prompts import PromptText, stance_system, training_prompts
from alignbench.progress import say
from alignbench.store.manifest import write_json
from alignbench.store.stages import Stage
from alignbench.training.export import aligned
from alignbench.training.grpo import PromptRow, train_grpo
from alignbench.training.options import option_grpo, train_on_options
from alignbench.training.sft import train_sft
from alignbench.types import AlignedModel, Item, chat, check


class Prompts(Enum):
    """What the policy practises on."""

    open = "open"  # open stance questions, free text: the paper's form
    survey = "survey"  # survey-format questions, the answer is one token: ours
    mix = "mix"  # survey first, then open, on the same adapter: ours


class Reward(Enum):
    """What a reply is paid by. Both distribution rewards pay log target - own log-probability."""

    verdict = "verdict"  # the judge's -1/0/+1: the paper's form, pays for the majority alone
    entropy = "entropy"  # target: softmax of the judge's scores at a fixed entropy (ours)
    support = "support"  # target: the same, as peaked as the norm is widely held (ours)


class PoolItems(Enum):
    """Which training items become norms."""

    train = "train"  # all of them
    varying = "varying"  # the ``pool_size`` on which countries differ most (ours; the paper's rule is unpublished)
    paper = "paper"  # those among the 62 of the authors' pool


@dataclass(frozen=True)
class CultureRL(Method):
    """Knobs of CultureRL; how the weights are trained is ``training``, the judge is ``judge``."""

    prompts: Prompts = Prompts.survey
    reward: Reward = Reward.support
    pool_items: PoolItems = PoolItems.varying
    # Norms of a ``varying`` pool; 62 is the size of the authors'.
    pool_size: int = 62
    clustering: Clustering = Clustering.kmeans
    # Clusters of k-means; 8 in the authors' code.
    clusters: int = 8
    cluster_seed: int = 42
    # Smallest cluster of HDBSCAN, in items.
    min_cluster_size: int = 4
    # Text of a prompt that is compared with the centres: question as in the paper, or concept.
    prompt_text: PromptText = PromptText.concept
    # Largest distance of a training prompt to its nearest cluster centre; about 0.6 [I] in the authors' data.
    cut: float = 1.0
    # Normalised entropy of the target when reward=entropy; people's is .64-.77.
    target_entropy: float = 0.7
    # Supervised warm start on the culture's stance sentences before open practice (the authors have one too).
    warm_start: bool = False

    def __post_init__(self) -> None:
        check(self.clusters > 1, "method.clusters", self.clusters, "give at least 2")
        check(self.pool_size > self.clusters, "method.pool_size", self.pool_size, "give more norms than clusters")
        check(self.cut > 0, "method.cut", self.cut, "distances between unit vectors lie between 0 and 2")
        check(
            not self.warm_start or self.prompts is Prompts.open,
            "method.warm_start",
            True,
            "it prepares open practice: add method.prompts=open",
        )

    def fit(self, context: RunContext) -> AlignedModel:
        """Build the pool, calibrate the judge on it, and train against it.

        Raises:
            AlignbenchError: the judge is near chance on the pool (unless ``insist``), no prompt lies
                within ``cut``, or every reward group stays without variance.
        """
        pool_stage = self._pool(context)
        pool = NormPool.load(pool_stage.path)
        judge, calibration = self._calibrated(context, pool, pool_stage.key)
        parts = {
            "method": self.parts,
            "pool": pool_stage.key,
            "calibration": calibration.key,
            "model": context.model.fingerprint,
            "dtype": context.model.dtype,
            "training": context.training.parts,
            "asking": context.asking.parts,
            "seed": context.seed,
        }
        stage = context.store.stage("fit", parts, lambda folder: self._train(context, pool, judge, folder))
        result = aligned(context.model, stage)
        return replace(result, provenance={**result.provenance, "norms": pool_stage.key, "calibrate": calibration.key})

    # A. Norm pool construction

    def _pool(self, context: RunContext) -> Stage:
        """Modal answers as norms with opposites, clustered by concept; with a table and a picture."""
        items = self._items(context.train)

        def build(folder: Path) -> Mapping[str, Any]:
            from alignbench.norms.picture import draw_pool

            culture = context.culture
            pool = build_pool(
                context.train,
                culture.iso3,
                culture.country,
                context.embedder,
                items=items,
                clustering=self.clustering,
                clusters=self.clusters,
                min_cluster_size=self.min_cluster_size,
                seed=self.cluster_seed,
            )
            pool.save(folder)
            pool.table().to_csv(folder / "norms.csv", index=False)
            draw_pool(pool, folder / "pool.png")
            return {"norms": len(pool.norms), "clusters": len(pool.names)}

        parts = {
            "survey": context.train.fingerprint,
            "country": [context.culture.iso3, context.culture.country],
            "embedder": context.embedder.fingerprint,
            "items": self.pool_items,
            "clustering": self.clustering,
            "clusters": self.clusters,
            "min_cluster_size": self.min_cluster_size,
            "seed": self.cluster_seed,
        }
        return context.store.stage("norms", parts, build)

    def _items(self, train: Survey) -> frozenset[str]:
        """Ids of the items that become norms and prompts; the same for every culture."""
        ids = frozenset(item.id for item in train.items)
        if self.pool_items is PoolItems.paper:
            return ids & published_set("culturerl").items
        if self.pool_items is PoolItems.varying:
            variation = regional_variation(train)
            return frozenset(sorted(variation, key=lambda i: (-variation[i], i))[: self.pool_size])
        return ids

    # B. A judge that is known to work

    def _calibrated(self, context: RunContext, pool: NormPool, pool_key: str) -> tuple[Judge, Stage]:
        """The judge with thresholds fitted on the pool, where every right verdict is known."""

        def build(folder: Path) -> Mapping[str, Any]:
            fitted = fit_thresholds(context.judge, pool, context.tools, context.seed)
            measured = calibrate(fitted, pool, context.tools, context.seed)
            say(f"  judge  {_summary(asdict(measured))}; weakest: {measured.weakest}")
            return {"judge": fitted.parts, **asdict(measured)}

        parts = {
            "pool": pool_key,
            "judge": context.judge.identity(context.model),
            "embedder": context.embedder.fingerprint,
            "model": context.model.fingerprint,
            "dtype": context.model.dtype,
            "seed": context.seed,
        }
        stage = context.store.stage("calibrate", parts, build)
        facts = stage.facts
        if facts["near_chance"] and not context.insist:
            raise AlignbenchError(
                "judge",
                type(context.judge).__name__,
                f"near chance on the norm pool ({_summary(facts)}): choose another judge, or say insist=true",
            )
        thresholds = {k: v for k, v in facts["judge"].items() if k in ("related_cut", "margin")}
        return context.judge.with_knobs(**thresholds), stage

    # C. Norm-cluster reward and GRPO

    def _train(self, context: RunContext, pool: NormPool, judge: Judge, folder: Path) -> Mapping[str, Any]:
        """The phases that ``prompts`` asks for, each on the adapter of the one before."""
        chosen = self._items(context.train)
        items = [item for item in context.train.items if item.id in chosen]
        prompts, dropped = training_prompts(items, pool, context.embedder, self.cut, self.prompt_text)
        run = Run(pool, judge, prompts, stance_system(context.culture.country), context.tools)
        facts: dict[str, Any] = {"prompts": len(prompts), "dropped": len(dropped)}
        if self.prompts is Prompts.survey:
            return facts | {"survey": self._practise_survey(context, run, folder)}
        first = folder / "first"
        first.mkdir(exist_ok=True)
        if self.prompts is Prompts.mix:
            facts["survey"] = self._practise_survey(context, run, first)
        elif self.warm_start:
            facts["stances"] = train_sft(context.model, run.stances, context.training, context.seed, first)
        start = first if self.warm_start or self.prompts is Prompts.mix else None
        return facts | {"open": self._practise_open(context, run, folder, start)}

    def _practise_survey(self, context: RunContext, run: Run, folder: Path) -> Mapping[str, Any]:
        """One-token answers: every option's reward is known beforehand, so groups are drawn from one softmax."""
        items = {item.id: item for item in context.train.items}
        graded = run.grade_options([items[p.item] for p in run.prompts])
        write_json(folder / "option_scores.json", {i: [asdict(j) for j in row] for i, row in graded.items()})
        targets = {i: self._target(items[i], row, run.support) for i, row in graded.items()}
        verdicts = None
        calls = {"judge_calls": sum(map(len, graded.values()))}
        if self.reward is Reward.verdict:
            verdicts = {i: by_option(items[i], [j.verdict for j in row]) for i, row in graded.items()}
        rows = option_rows(context.asking, items.values(), targets, verdicts)
        loss = partial(option_grpo, density=self.reward is not Reward.verdict)
        validate = selector(context)
        return calls | train_on_options(context.model, rows, loss, context.training, context.seed, folder, validate)

    def _target(self, item: Item, row: Sequence[Judgement], support: Mapping[str, float]) -> list[float]:
        """Distribution over the item's options that the judge's scores (one per level) stand for."""
        scores = [j.score for j in row]
        if self.reward is Reward.verdict:
            return [1 / len(item.codes)] * len(item.codes)  # unused: the verdicts are the reward
        if self.reward is Reward.entropy:
            levels = entropy_matched(scores, self.target_entropy)
        else:
            best = row[int(np.argmax(scores))]
            levels = peak_matched(scores, support.get(best.item or "", 1 / len(scores)))
        return by_option(item, levels, spread=True)

    def _practise_open(self, context: RunContext, run: Run, folder: Path, start: Path | None) -> Mapping[str, Any]:
        """Free text, judged against the norms of the prompt's cluster: the paper's form."""
        rows = [
            PromptRow(chat(p.question, run.system), {"question": p.question, "cluster": p.cluster}) for p in run.prompts
        ]

        def reward(replies: Sequence[str], meta: Sequence[Mapping[str, Any]]) -> list[float]:
            norms = [run.pool.norms_of(m["cluster"]) for m in meta]
            judged = run.judge.judge([m["question"] for m in meta], replies, norms, context.tools)
            return [float(j.verdict) if self.reward is Reward.verdict else j.score for j in judged]

        training = context.training
        calls = {"judge_calls": training.updates * training.prompts_per_update * training.generations}
        return calls | train_grpo(context.model, rows, reward, training, context.seed, folder, start)


def _summary(calibration: Mapping[str, Any]) -> str:
    return f"accuracy {calibration['accuracy']:.2f}, AUC {calibration['auc']:.2f} on {calibration['norms']} norms"
