"""CultureRL: norms of a culture as the reward of reinforcement learning.

Source: Zhao et al., AAAI 2026 (doi 10.1609/aaai.v40i44.41150), steps as in the authors' code:
A norm pool construction, B training prompts near a cluster, C norm-cluster reward and GRPO.
Read ``fit`` top to bottom. What is ours is named so in every table: the local judges, the
``survey`` prompts (one-token answers to survey questions) and the distribution rewards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from alignbench.data.distance import regional_variation
from alignbench.data.published import published_set
from alignbench.data.survey import Survey
from alignbench.errors import AlignbenchError
from alignbench.judge.calibration import calibrate, fit_thresholds
from alignbench.method import RunContext
from alignbench.method.culturerl_run import Reward, Run
from alignbench.method.joint import Joint
from alignbench.method.lessons import with_provenance
from alignbench.method.practice import validator
from alignbench.method.seeds import asked_there
from alignbench.norms.cluster import Clustering
from alignbench.norms.pool import NormPool, build_pool
from alignbench.norms.prompts import PromptText, training_prompts
from alignbench.progress import say
from alignbench.store.manifest import write_json
from alignbench.store.stages import Stage
from alignbench.training.grpo import train_grpo
from alignbench.training.options import OptionRow, Validate, option_grpo, train_on_options
from alignbench.training.sft import train_sft
from alignbench.types import AlignedModel, check

__all__ = ["CultureRL", "PoolItems", "Prompts", "Reward"]


class Prompts(Enum):
    """What the policy practises on."""

    open = "open"  # open stance questions, free text: the paper's form
    survey = "survey"  # survey-format questions, the answer is one token: ours
    mix = "mix"  # survey first, then open, on the same adapter: ours


class PoolItems(Enum):
    """Which training items become norms."""

    train = "train"  # all of them
    varying = "varying"  # the ``pool_size`` on which countries differ most (ours; the paper's rule is unpublished)
    paper = "paper"  # those among the 62 of the authors' pool


@dataclass(frozen=True)
class CultureRL(Joint):
    """Knobs of CultureRL; how the weights are trained is ``training``, the judge is ``judge``.

    With ``joint`` the prompts are put once a culture, each time with a system text that names it, and paid by the norms
    of that culture and a judge calibrated on them. Open questions have the stance text in both forms.
    """

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
        """Build a pool of each culture, calibrate the judge on each, and train against them.

        Raises:
            AlignbenchError: the judge is near chance on a pool (unless ``insist``), no prompt lies
                within ``cut``, or every reward group stays without variance.
        """
        countries, own = self.countries(context), context.culture.iso3
        systems = self.systems(countries)
        pools = {iso3: self._pool(context, iso3, country) for iso3, country in countries.items()}
        calibrations = {iso3: self._calibration(context, pool) for iso3, pool in pools.items()}
        parts = {
            "method": self.shared_parts(systems),
            "pool": ",".join(stage.key for stage in pools.values()),
            "calibration": ",".join(stage.key for stage in calibrations.values()),
            "model": context.model.identity,
            "dtype": context.model.dtype,
            "training": context.training.parts,
            "asking": context.asking.parts,
            "seed": context.seed,
        }

        def build(folder: Path) -> Mapping[str, Any]:
            runs = [self._run(context, pools[iso3], calibrations[iso3], told) for iso3, told in systems.items()]
            return self._train(context, runs, folder)

        fit = context.store.stage("fit", parts, build)
        return with_provenance(self.asked(context, fit, systems), [pools[own], calibrations[own]])

    # A. Norm pool construction

    def _pool(self, context: RunContext, iso3: str, country: str) -> Stage:
        """Modal answers as norms with opposites, clustered by concept; with a table and a picture."""
        items = self._items(context.train)

        def build(folder: Path) -> Mapping[str, Any]:
            from alignbench.norms.picture import draw_pool

            _, ledger = asked_there("norms", [i for i in context.train.items if i.id in items], context.train, iso3)
            say(f"  {ledger}")
            pool = build_pool(
                context.train,
                iso3,
                country,
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
            "country": [iso3, country],
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

    def _calibration(self, context: RunContext, pool: Stage) -> Stage:
        """Thresholds of the judge fitted on the pool, where every right verdict is known, and how well it then does."""

        def build(folder: Path) -> Mapping[str, Any]:
            norms = NormPool.load(pool.path)
            fitted = fit_thresholds(context.judge, norms, context.tools, context.seed)
            measured = calibrate(fitted, norms, context.tools, context.seed)
            say(f"  judge  {_summary(asdict(measured))}; weakest: {measured.weakest}")
            return {"judge": fitted.parts, **asdict(measured)}

        parts = {
            "pool": pool.key,
            "judge": context.judge.identity(context.model),
            "embedder": context.embedder.fingerprint,
            "model": context.model.identity,
            "dtype": context.model.dtype,
            "seed": context.seed,
        }
        stage = context.store.stage("calibrate", parts, build)
        if stage.facts["near_chance"] and not context.insist:
            raise AlignbenchError(
                "judge",
                type(context.judge).__name__,
                f"near chance on the norm pool ({_summary(stage.facts)}): choose another judge, or say insist=true",
            )
        return stage

    # C. Norm-cluster reward and GRPO

    def _run(self, context: RunContext, pool: Stage, calibration: Stage, told: str | None) -> Run:
        """The prompts near a cluster of the pool, and the judge with its fitted thresholds."""
        norms, chosen = NormPool.load(pool.path), self._items(context.train)
        items = [item for item in context.train.items if item.id in chosen]
        prompts, dropped = training_prompts(items, norms, context.embedder, self.cut, self.prompt_text)
        thresholds = {k: v for k, v in calibration.facts["judge"].items() if k in ("related_cut", "margin")}
        judge = context.judge.with_knobs(**thresholds)
        return Run(norms, judge, prompts, len(dropped), told, self.reward, self.target_entropy, context.tools)

    def _train(self, context: RunContext, runs: Sequence[Run], folder: Path) -> Mapping[str, Any]:
        """The phases that ``prompts`` asks for, each on the adapter of the one before."""
        facts: dict[str, Any] = {
            "prompts": sum(len(run.prompts) for run in runs),
            "dropped": sum(run.dropped for run in runs),
        }
        if self.prompts is Prompts.survey:
            return facts | {"survey": self._practise_survey(context, runs, folder)}
        first = folder / "first"
        first.mkdir(exist_ok=True)
        if self.prompts is Prompts.mix:
            facts["survey"] = self._practise_survey(context, runs, first)
        elif self.warm_start:
            stances = [row for run in runs for row in run.stances]
            facts["stances"] = train_sft(
                context.model, stances, context.training, context.seed, first, validate=_validator(context, runs)
            )
        start = first if self.warm_start or self.prompts is Prompts.mix else None
        return facts | {"open": self._practise_open(context, runs, folder, start)}

    def _practise_survey(self, context: RunContext, runs: Sequence[Run], folder: Path) -> Mapping[str, Any]:
        """One-token answers: every option's reward is known beforehand, so groups are drawn from one softmax."""
        items = {item.id: item for item in context.train.items}
        rows: list[OptionRow] = []
        calls = 0
        for run in runs:
            graded = run.grade_options(items)
            name = f"option_scores_{run.pool.iso3}.json" if self.joint else "option_scores.json"
            write_json(folder / name, {i: [asdict(j) for j in row] for i, row in graded.items()})
            rows += run.option_rows(context.asking, items, graded)
            calls += sum(map(len, graded.values()))
        loss = partial(option_grpo, density=self.reward is not Reward.verdict)
        validate = _validator(context, runs)
        facts = train_on_options(context.model, rows, loss, context.training, context.seed, folder, validate)
        return {"judge_calls": calls, **facts}

    def _practise_open(
        self, context: RunContext, runs: Sequence[Run], folder: Path, start: Path | None
    ) -> Mapping[str, Any]:
        """Free text, judged against the norms of the prompt's cluster: the paper's form."""
        rows = [row for run in runs for row in run.open_rows]
        by_country = {run.pool.iso3: run for run in runs}

        def reward(replies: Sequence[str], meta: Sequence[Mapping[str, Any]]) -> list[float]:
            paid: dict[int, float] = {}
            for iso3 in {m["country"] for m in meta}:
                own = [i for i, m in enumerate(meta) if m["country"] == iso3]
                graded = by_country[iso3].grade_replies([replies[i] for i in own], [meta[i] for i in own])
                paid.update(zip(own, graded, strict=True))
            return [paid[i] for i in range(len(replies))]

        training = context.training.for_rows(len(rows))
        calls = {"judge_calls": training.updates * training.prompts_per_update * training.generations}
        return calls | train_grpo(
            context.model, rows, reward, training, context.seed, folder, start, _validator(context, runs)
        )


def _validator(context: RunContext, runs: Sequence[Run]) -> Validate:
    """The countries that are trained together, each asked as it is told."""
    return validator(context, {run.pool.iso3: run.told for run in runs})


def _summary(calibration: Mapping[str, Any]) -> str:
    return f"accuracy {calibration['accuracy']:.2f}, AUC {calibration['auc']:.2f} on {calibration['norms']} norms"
