"""CultureRL: norms of a culture as the reward of reinforcement learning.

Source: Zhao et al., AAAI 2026 (doi 10.1609/aaai.v40i44.41150), steps as in the authors' code:
A norm pool construction, B training prompts near a cluster, C norm-cluster reward and GRPO.
Read ``align`` and the stages after it top to bottom. What is ours is named so in every table: the local judges, the
``survey`` prompts (one-token answers to survey questions) and the distribution rewards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Positive, PositiveShare, Within, recorded
from alignbench.data.distance import regional_variation
from alignbench.data.published import published_set
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking
from alignbench.judge import Judge
from alignbench.judge.calibration import calibrate, fit_thresholds, unfitted
from alignbench.method import Method, RunContext
from alignbench.norms.pool import Clustering, NormPool, build_pool
from alignbench.norms.prompts import PromptText, training_prompts
from alignbench.progress import say
from alignbench.steps.joint import Joint
from alignbench.steps.norm_reward import Environment, Reward
from alignbench.steps.practice import Fit, Systems, asked_of, of_run
from alignbench.steps.seeds import asked_there
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.training.grpo import train_grpo
from alignbench.training.losses import option_grpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import TrainerKind, Training
from alignbench.training.rows import OptionRow
from alignbench.training.sft import train_sft
from alignbench.types import Item, check


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
class CultureRL(Joint, Method):
    """Knobs of CultureRL; how the weights are trained is ``training``, the judge is ``judge``.

    With ``joint`` the prompts are put once a culture, each time with a system text that names it, and paid by the norms
    of that culture and a judge calibrated on them. Open questions have the stance text in both forms.
    """

    prompts: Prompts = Prompts.survey
    reward: Reward = Reward.support
    pool_items: PoolItems = PoolItems.varying
    # Norms of a ``varying`` pool; 62 is the size of the authors'.
    pool_size: Count = 62
    clustering: Clustering = Clustering.kmeans
    # Clusters of k-means; 8 in the authors' code.
    clusters: Annotated[int, Within(least=2)] = 8
    cluster_seed: int = 42
    # Smallest cluster of HDBSCAN, in items.
    min_cluster_size: Annotated[int, Within(least=2)] = 4
    # Text of a prompt that is compared with the centres: question as in the paper, or concept.
    prompt_text: PromptText = PromptText.concept
    # Largest distance of a training prompt to its nearest cluster centre; about 0.6 [I] in the authors' data.
    cut: Positive = 1.0
    # Normalised entropy of the target when reward=entropy; people's is .64-.77.
    target_entropy: PositiveShare = 0.7
    # Supervised warm start on the culture's stance sentences before open practice (the authors have one too).
    warm_start: bool = False

    def _consistent(self) -> None:
        check(self.pool_size > self.clusters, "method.pool_size", self.pool_size, "give more norms than clusters")
        is_open = self.prompts is Prompts.open
        remedy = "it prepares open practice: add method.prompts=open"
        check(is_open or not self.warm_start, "method.warm_start", True, remedy)
        remedy = "open answers have no options to spread over: verdict or support"
        check(not is_open or self.reward is not Reward.entropy, "method.reward", "entropy", remedy)

    def align(self, context: RunContext) -> AlignedModel:
        """A pool of each country's norms, a judge calibrated on each, and a training against them."""
        countries = self.countries(context)
        systems = self.systems(countries)
        pools = {iso3: self._pool(context, iso3, country) for iso3, country in countries.items()}
        judge = unfitted(context.judge)
        judges = {iso3: Calibrate(pool, judge, context.seed, context.insist) for iso3, pool in pools.items()}
        survey_format = self.prompts is not Prompts.open
        graded = self.reward is Reward.entropy and survey_format
        training = context.training
        if self.reward is Reward.verdict:  # the floor is one of targets, and verdicts are paid as they are
            training = training.with_knobs(probability_floor=Training.probability_floor)
        fit = Practise(
            pools=pools,
            judges=judges,
            train=context.train,
            items=pools[context.culture.iso3].items,
            embedder=context.embedder,
            cut=self.cut,
            prompt_text=self.prompt_text,
            prompts=self.prompts,
            reward=self.reward,
            target_entropy=self.target_entropy if graded else None,
            warm_start=self.warm_start,
            systems=systems,
            asking=context.practising if survey_format else None,
            **of_run(context, *self._trainers, systems=systems, training=training),
        )
        return asked_of(context, fit, systems, self.notes(systems))

    @property
    def _trainers(self) -> tuple[TrainerKind, ...]:
        survey, open_ = self.prompts is not Prompts.open, self.prompts is not Prompts.survey
        taken = {TrainerKind.options_grpo: survey, TrainerKind.sft: self.warm_start, TrainerKind.grpo: open_}
        return tuple(kind for kind, is_taken in taken.items() if is_taken)

    def _pool(self, context: RunContext, iso3: str, country: str) -> Pool:
        read = {"clusters": self.clusters, "seed": self.cluster_seed}
        if self.clustering is Clustering.umap_hdbscan:
            read = {"min_cluster_size": self.min_cluster_size}
        items = self._items(context.train)
        return Pool(context.train, iso3, country, items, context.embedder, self.clustering, read)

    def _items(self, train: Survey) -> tuple[str, ...]:
        """Ids of the items that become norms and prompts; the same for every culture."""
        ids = {item.id for item in train.items}
        if self.pool_items is PoolItems.paper:
            ids &= published_set("culturerl").items
        elif self.pool_items is PoolItems.varying:
            variation = regional_variation(train)
            ids = set(sorted(variation, key=lambda i: (-variation[i], i))[: self.pool_size])
        return tuple(sorted(ids))


# A. Norm pool construction


@dataclass(frozen=True)
class Pool(Stage):
    """Modal answers as norms with opposites, clustered by concept; with a table and a picture.

    Attributes:
        items: ids of those that become norms.
        read: the knobs that this clustering reads, as :func:`~alignbench.norms.pool.build_pool` names them.
    """

    name = "norms"

    survey: Survey
    iso3: str
    country: str
    items: tuple[str, ...]
    embedder: Embedder
    clustering: Clustering
    read: Mapping[str, int]

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Write the pool, its table and its picture."""
        from alignbench.norms.picture import draw_pool

        known = [item for item in self.survey.items if item.id in self.items]
        _, tally = asked_there("norms", known, self.survey, self.iso3)
        say(f"  {tally}")
        pool = build_pool(
            self.survey,
            self.iso3,
            self.country,
            self.embedder,
            items=self.items,
            clustering=self.clustering,
            **self.read,
        )
        pool.save(folder)
        pool.table().to_csv(folder / "norms.csv", index=False)
        draw_pool(pool, folder / "pool.png")
        return {"norms": len(pool.norms), "clusters": len(pool.names)}


# B. A judge that is known to work


@dataclass(frozen=True)
class Calibrate(Stage):
    """Thresholds of the judge fitted on the pool, where every right verdict is known, and how well it then does."""

    name = "calibrate"

    pool: Pool
    judge: Judge
    seed: int
    insist: bool = recorded(False)

    @property
    def iso3(self) -> str:
        """The country whose norms the judge is tried on."""
        return self.pool.iso3

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """The facts are the calibration and the fitted thresholds."""
        norms = NormPool.load(tools.folder(self.pool))
        fitted = fit_thresholds(self.judge, norms, tools, self.seed)
        measured = calibrate(fitted, norms, tools, self.seed)
        say(f"  judge  {_summary(asdict(measured))}; weakest: {measured.weakest}")
        thresholds = {knob: getattr(fitted, knob) for knob in _THRESHOLDS if hasattr(fitted, knob)}
        return {"judge": type(fitted).__name__, "thresholds": thresholds, **asdict(measured)}

    def accept(self, facts: Mapping[str, Any]) -> None:
        """Refuse to pay by a judge that guesses, unless ``insist``."""
        if facts["near_chance"] and not self.insist:
            remedy = f"near chance on the norm pool ({_summary(facts)}): choose another judge, or say insist=true"
            raise AlignbenchError("judge", type(self.judge).__name__, remedy)


_THRESHOLDS = ("related_cut", "margin")


def _summary(calibration: Mapping[str, Any]) -> str:
    return f"accuracy {calibration['accuracy']:.2f}, AUC {calibration['auc']:.2f} on {calibration['norms']} norms"


# C. Norm-cluster reward and GRPO


@dataclass(frozen=True, kw_only=True)
class Practise(Fit):
    """The phases that ``prompts`` asks for, each on the adapter of the one before.

    Attributes:
        items: ids of those that become prompts.
        target_entropy: None where no target is made by it.
        asking: form of the survey's questions; None where none is put.
    """

    pools: Mapping[str, Pool]
    judges: Mapping[str, Calibrate]
    train: Survey
    items: tuple[str, ...]
    embedder: Embedder
    cut: float
    prompt_text: PromptText
    prompts: Prompts
    reward: Reward
    target_entropy: float | None
    warm_start: bool
    systems: Systems
    asking: Asking | None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter.

        Raises:
            AlignbenchError: no prompt lies within ``cut``, or every reward group stays without variance.
        """
        runs = [self._run(iso3, tools) for iso3 in self.pools]
        prompts = sum(len(run.prompts) for run in runs)
        # Those too far from every cluster, or in one without a norm of the culture, were dropped.
        facts: dict[str, Any] = {"prompts": prompts, "dropped": len(runs) * len(self.items) - prompts}
        if self.prompts is Prompts.survey:
            return facts | {"survey": self._practise_survey(runs, folder)}
        first = folder / "first"
        first.mkdir(exist_ok=True)
        if self.prompts is Prompts.mix:
            facts["survey"] = self._practise_survey(runs, first)
        elif self.warm_start:
            stances = [row for run in runs for row in run.stances]
            facts["stances"] = train_sft(self.job(first), stances)
        start = first if self.warm_start or self.prompts is Prompts.mix else None
        return facts | {"open": self._practise_open(runs, folder, start)}

    def _run(self, iso3: str, tools: Tools) -> Environment:
        """The prompts near a cluster of the country's pool, and the judge with its fitted thresholds."""
        pool, calibrated = NormPool.load(tools.folder(self.pools[iso3])), self.judges[iso3]
        items = [item for item in self.train.items if item.id in self.items]
        prompts = training_prompts(items, pool, self.embedder, self.cut, self.prompt_text)
        judge = calibrated.judge.with_knobs(**tools.facts(calibrated)["thresholds"])
        return Environment(pool, judge, prompts, self.systems[iso3], self.reward, self.target_entropy, tools)

    def _practise_survey(self, runs: Sequence[Environment], folder: Path) -> Mapping[str, Any]:
        """One-token answers: every option's reward is known beforehand, so groups are drawn from one softmax."""
        assert self.asking is not None
        items: dict[str, Item] = {item.id: item for item in self.train.items}
        rows: list[OptionRow] = []
        calls = 0
        for run in runs:
            graded = run.grade_options(items)
            name = f"option_scores_{run.pool.iso3}.json" if len(runs) > 1 else "option_scores.json"
            write_json(folder / name, {i: [asdict(j) for j in row] for i, row in graded.items()})
            rows += run.option_rows(self.asking, items, graded)
            calls += sum(map(len, graded.values()))
        loss = partial(option_grpo, density=self.reward is not Reward.verdict)
        facts = train_on_options(self.job(folder), rows, loss)
        return {"judge_calls": calls, **facts}

    def _practise_open(self, runs: Sequence[Environment], folder: Path, start: Path | None) -> Mapping[str, Any]:
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

        training = self.training.for_rows(len(rows))
        calls = {"judge_calls": training.updates * training.prompts_per_update * training.generations}
        return calls | train_grpo(self.job(folder), rows, reward, start)
