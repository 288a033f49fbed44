"""A norm pool for each country of a run and a judge that is known to work on it: what norm-paid practice rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from alignbench.component import Count, Within, recorded
from alignbench.context import RunContext
from alignbench.data.distance import most_varying
from alignbench.data.published import published_set
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.errors import AlignbenchError
from alignbench.files import write_table
from alignbench.judge import Judge
from alignbench.judge.check import check_judge, fit_thresholds, unfitted
from alignbench.norms.pool import NUMBERS, Clustering, NormPool, build_pool
from alignbench.progress import say
from alignbench.steps.joint import Joint
from alignbench.steps.seeds import asked_there
from alignbench.store.stage import Stage, Tools
from alignbench.types import check


class PoolItems(Enum):
    """Which training items become norms."""

    train = "train"  # all of them
    varying = "varying"  # the ``pool_size`` on which countries differ most (ours; the paper's rule is unpublished)
    paper = "paper"  # those among the 62 of the authors' pool


@dataclass(frozen=True)
class OnNorms(Joint):
    """Part of a method that practises against a country's norms: which become norms, and how they are clustered."""

    pool_items: PoolItems = PoolItems.varying
    # Norms of a ``varying`` pool; 62 is the size of the authors'.
    pool_size: Count = 62
    clustering: Clustering = Clustering.kmeans
    # Clusters of k-means; 8 in the authors' code, with another embedder. auto: of 4 to 16, the number with the greatest
    # mean silhouette on the pool's concepts (our rule, since none is published).
    clusters: str = "auto"
    cluster_seed: int = 42
    # Smallest cluster of HDBSCAN, in items.
    min_cluster_size: Annotated[int, Within(least=2)] = 4

    def _consistent(self) -> None:
        super()._consistent()
        given = self.clusters.isdecimal() and int(self.clusters) >= 2
        remedy = "give a whole number from 2 on, or auto"
        check(given or self.clusters == "auto", "method.clusters", self.clusters, remedy)
        least = self._number or NUMBERS[0] + 1
        check(self.pool_size > least, "method.pool_size", self.pool_size, f"give more than {least} norms to cluster")

    @property
    def _number(self) -> int | None:
        return None if self.clusters == "auto" else int(self.clusters)

    def judges(self, context: RunContext, judge: Judge) -> dict[str, CheckJudge]:
        """iso3 -> the judge checked on the country's pool, which it holds."""
        countries = self.countries(context).items()
        pools = {iso3: self._pool(context, iso3, country) for iso3, country in countries}
        plain = unfitted(judge)
        return {
            iso3: CheckJudge(pool, plain.of(iso3, pool.country), context.seed, context.insist)
            for iso3, pool in pools.items()
        }

    def _pool(self, context: RunContext, iso3: str, country: str) -> Pool:
        read: dict[str, int | None] = {"clusters": self._number, "seed": self.cluster_seed}
        if self.clustering is Clustering.umap_hdbscan:
            read = {"min_cluster_size": self.min_cluster_size}
        items = self.items(context.train)
        return Pool(context.train, iso3, country, items, context.embedder, self.clustering, read)

    def items(self, train: Survey) -> tuple[str, ...]:
        """Ids of the items that become norms and prompts; the same for every culture."""
        ids = {item.id for item in train.items}
        if self.pool_items is PoolItems.paper:
            ids &= published_set("culturerl").items
        elif self.pool_items is PoolItems.varying:
            ids = set(most_varying(train, self.pool_size))
        return tuple(sorted(ids))


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
    read: Mapping[str, int | None]

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Write the pool, its table and its picture."""
        from alignbench.norms.picture import draw_pool

        known = [item for item in self.survey.items if item.id in self.items]
        _, tally = asked_there("norms", known, self.survey, self.iso3)
        say(f"  {tally}")
        pool = self.clustered(**self.read)
        pool.save(folder)
        write_table(folder / "norms.csv", pool.table())
        draw_pool(pool, folder / "pool.png")
        return {"norms": len(pool.norms), "clusters": len(pool.names), "remarks": self._remarks(pool)}

    def _remarks(self, pool: NormPool) -> list[str]:
        """Why there are so many clusters, where nobody said how many."""
        if self.clustering is not Clustering.kmeans or self.read["clusters"] is not None:
            return []
        least, most = NUMBERS[0], NUMBERS[-1]
        rule = f"of {least} to {most}, the number with the greatest mean silhouette on the embedder's vectors"
        return [f"The norms stand in {len(pool.names)} clusters: {rule}."]

    def clustered(self, **read: int | None) -> NormPool:
        """The pool with other knobs of its clustering; it is not stored."""
        given = {"items": self.items, "clustering": self.clustering}
        return build_pool(self.survey, self.iso3, self.country, self.embedder, **given, **read)  # type: ignore[arg-type]


@dataclass(frozen=True)
class CheckJudge(Stage):
    """Thresholds of the judge fitted on the pool, where every right verdict is known, and how well it then does."""

    name = "judge_check"

    pool: Pool
    judge: Judge
    seed: int
    insist: bool = recorded(False)

    @property
    def iso3(self) -> str:
        """The country whose norms the judge is tried on."""
        return self.pool.iso3

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """The facts are how well it does, and the fitted thresholds."""
        norms = NormPool.load(tools.folder(self.pool))
        fitted = fit_thresholds(self.judge, norms, tools, self.seed)
        measured = check_judge(fitted, norms, tools, self.seed)
        say(f"  judge  {_summary(asdict(measured))}; weakest: {measured.weakest}")
        thresholds = {knob: getattr(fitted, knob) for knob in _THRESHOLDS if hasattr(fitted, knob)}
        return {"judge": type(fitted).__name__, "thresholds": thresholds, **asdict(measured)}

    def accept(self, facts: Mapping[str, Any]) -> None:
        """Refuse to pay by a judge that guesses, unless ``insist``."""
        if facts["near_chance"] and not self.insist:
            remedy = f"near chance on the norm pool ({_summary(facts)}): choose another judge, or say insist=true"
            raise AlignbenchError("judge", type(self.judge).__name__, remedy)

    def fitted(self, tools: Tools) -> tuple[Judge, NormPool]:
        """The judge with its thresholds and the pool that they fit, for a stage that rests on this one."""
        judge = self.judge.with_knobs(**tools.facts(self)["thresholds"])
        return judge, NormPool.load(tools.folder(self.pool))


_THRESHOLDS = ("related_cut", "margin")


def _summary(found: Mapping[str, Any]) -> str:
    return f"accuracy {found['accuracy']:.2f}, AUC {found['auc']:.2f} on {found['norms']} norms"
