"""Do the clusters of a pool decide anything: what share of options is paid otherwise with fewer or more of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from alignbench.judge import Judge
from alignbench.norms.pool import Clustering, NormPool
from alignbench.norms.prompts import Retrieval, located, retrieved
from alignbench.steps.norm_pool import CheckJudge
from alignbench.store.stage import Tools
from alignbench.types import Item

# Options that are judged with each number of clusters: enough to tell a fifth from none, few enough for a language
# model as judge. Our choice.
_PROBED = 60
# Below this share of options paid otherwise, clusters decide nothing. Our line.
_LEAST = 0.2


@dataclass(frozen=True)
class ClusterEffect:
    """What was found.

    Attributes:
        counts: how many clusters were compared.
        options: how many options were judged with each.
        share: of the options whose verdict is not the same with all of them.
    """

    counts: tuple[int, ...]
    options: int
    share: float

    @property
    def remarks(self) -> list[str]:
        """What tables must say."""
        few, own, many = self.counts
        found = f"{self.share:.0%} of {self.options} options are paid otherwise with {few} or {many} than with {own}"
        return [f"Clusters decide {'nothing here' if self.share < _LEAST else 'what is paid'}: {found}."]


def cluster_effect(checked: CheckJudge, own_norm: bool, tools: Tools) -> ClusterEffect | None:
    """Half as many clusters, as many, and four times as many; None where the clustering has no number of them."""
    stage = checked.pool
    if stage.clustering is not Clustering.kmeans:
        return None
    judge, pool = checked.fitted(tools)
    own = len(pool.names)
    counts = (max(2, own // 2), own, min(4 * own, len(stage.items)))
    pools = [pool if k == own else stage.clustered(**{**stage.read, "clusters": k}) for k in counts]
    items = {item.id: item for item in stage.survey.items if item.id in stage.items}
    options = [(item, level) for item in items.values() for level in range(len(item.predicates))]
    options = options[:: max(1, len(options) // _PROBED)]
    verdicts = [_verdicts(options, items, judge, each, checked, own_norm, tools) for each in pools]
    differing = sum(len(set(found)) > 1 for found in zip(*verdicts, strict=True))
    return ClusterEffect(counts, len(options), differing / len(options))


def _verdicts(
    options: list[tuple[Item, int]],
    items: Mapping[str, Item],
    judge: Judge,
    pool: NormPool,
    checked: CheckJudge,
    own_norm: bool,
    tools: Tools,
) -> list[int]:
    """The verdict on each option, "I <predicate>.", by the cluster of its question; 0 where that holds no norm."""
    embedder = checked.pool.embedder
    prompts = located([(i.id, i.question, i.question) for i in items.values()], pool, embedder)
    norms = retrieved(prompts, pool, embedder, Retrieval.cluster, own_norm)
    held = {prompt.item: found for prompt, found in zip(prompts, norms, strict=True)}
    questions, answers = [i.question for i, _ in options], [i.statement(level, "I") for i, level in options]
    judged = judge.judge(questions, answers, [held.get(i.id, ()) for i, _ in options], tools)
    return [one.verdict for one in judged]
