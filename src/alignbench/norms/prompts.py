"""Open questions for practice, each tied to the norm cluster by which its answers are judged.

Source: CultureRL, step B. The paper takes paraphrased survey questions from CultureLLM, shows no
options, and drops those far from every cluster centre; here the questions are those of our own items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from alignbench.embedder import Embedder
from alignbench.norms.pool import NormPool
from alignbench.templates import rendered
from alignbench.types import Item, check

_TEMPLATES = Path(__file__).parent / "templates"


class PromptText(Enum):
    """Which text of an item is compared with the cluster centres."""

    question = "question"  # as the paper does
    concept = "concept"  # as the centres themselves are made: nearer, and the cluster of the item's own norm


@dataclass(frozen=True)
class TrainingPrompt:
    """An open question, its nearest cluster and the distance to that cluster's centre (0 to 2)."""

    item: str
    question: str
    cluster: int
    distance: float


def training_prompts(
    items: Sequence[Item], pool: NormPool, embedder: Embedder, cut: float, text: PromptText = PromptText.question
) -> list[TrainingPrompt]:
    """Prompts in the order of ``items``.

    Left out are those farther than ``cut`` from every centre, and those whose cluster holds no norm
    of this culture. The authors' data suggests a cut of about 0.6 for their embedder and 62 items
    [I]. MiniLM spreads wider: with eight clusters of the bundled survey's training items, 1.0 keeps
    88 of 141 questions, or 126 when concepts are compared.

    Raises:
        AlignbenchError: another embedder than the pool's, or nothing is kept.
    """
    made_with, own = pool.made_with.get("embedder"), embedder.fingerprint
    remedy = f"the pool was made with {made_with}: distances need the same one"
    check(own == made_with, "embedder", own, remedy)
    clusters, distances = pool.nearest(embedder.encode([getattr(i, text.name) for i in items]))
    prompts = [
        TrainingPrompt(item.id, item.question, cluster, distance)
        for item, cluster, distance in zip(items, clusters, distances, strict=True)
    ]
    judged = {norm.cluster for norm in pool.norms}
    kept = [p for p in prompts if p.distance <= cut and p.cluster in judged]
    check(bool(kept), "method.cut", cut, f"no prompt is so near: the nearest lies at {min(distances):.2f}")
    return kept


def stance_system(country: str | None = None) -> str:
    """System message that asks for one clear stance; with a country, for the stance of a person from there."""
    return rendered(_TEMPLATES, "stance", country=country)
