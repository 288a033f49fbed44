"""Open questions for practice, each tied to a norm cluster, and the norms by which an answer to it is judged.

Source: CultureRL, steps B and C. The paper takes paraphrased survey questions from CultureLLM, shows no options, drops
those far from every cluster centre, and judges an answer by all norms of the question's cluster. Its ablations judge by
all norms, or by the five most similar to the question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from alignbench.embedder import Embedder
from alignbench.norms.pool import NormPool
from alignbench.templates import rendered
from alignbench.types import Item, Norm, check

_TEMPLATES = Path(__file__).parent / "templates"
# Norms of ``top5``, as in the authors' ablation.
_TOP = 5
# What stands in for the norms where none is retrieved: taking a side, whichever (ours; [I] no source has this control).
DECISIVE = Norm("decisive", "", 0, "People say plainly which side they take.", "People take no side.", 1.0, 0, "People")


class Retrieval(Enum):
    """By which norms of the culture an answer is judged."""

    cluster = "cluster"  # those of the question's nearest cluster: the paper's form
    all = "all"  # all of them: the paper's ablation without clusters
    top5 = "top5"  # the five most similar to the question: the paper's ablation of the search
    none = "none"  # by none: an answer is paid for taking a clear side, whichever (ours)


@dataclass(frozen=True)
class TrainingPrompt:
    """An open question, its nearest cluster and the distance to that cluster's centre (0 to 2)."""

    item: str
    question: str
    cluster: int
    distance: float


def framed(item: Item) -> list[str]:
    """The item as open questions from templates, without options; no language model has a part in them."""
    return rendered(_TEMPLATES, "wordings", question=item.question, concept=item.concept).splitlines()


def located(wordings: Sequence[tuple[str, str, str]], pool: NormPool, embedder: Embedder) -> list[TrainingPrompt]:
    """Each question at its nearest cluster; left out are those whose cluster holds no norm of this culture.

    Args:
        wordings: item id, question, and the text by which the cluster is found.

    Raises:
        AlignbenchError: another embedder than the pool's, or no question is left.
    """
    made_with, own = pool.made_with.get("embedder"), embedder.fingerprint
    remedy = f"the pool was made with {made_with}: distances need the same one"
    check(own == made_with, "embedder", own, remedy)
    clusters, distances = pool.nearest(embedder.encode([text for *_, text in wordings]))
    judged = {norm.cluster for norm in pool.norms}
    found = [
        TrainingPrompt(item, question, cluster, distance)
        for (item, question, _), cluster, distance in zip(wordings, clusters, distances, strict=True)
        if cluster in judged
    ]
    check(
        bool(found), "norms", pool.iso3, "no question lies at a cluster that holds one: take more items into the pool"
    )
    return found


def nearest(prompts: Sequence[TrainingPrompt], kept: float, most: int) -> list[TrainingPrompt]:
    """The share ``kept`` of the prompts that lies nearest to a cluster, at most ``most``, in the order given.

    A share and not a distance: distances depend on the embedder (about .32 to .80 in the authors' data, .6 to 1.2 with
    MiniLM), the share does not.
    """
    count = min(most, max(1, round(kept * len(prompts))))
    near = sorted(range(len(prompts)), key=lambda i: (prompts[i].distance, i))[:count]
    return [prompts[i] for i in sorted(near)]


def retrieved(
    prompts: Sequence[TrainingPrompt], pool: NormPool, embedder: Embedder, how: Retrieval, own_norm: bool = True
) -> list[tuple[Norm, ...]]:
    """The norms by which an answer to each prompt is judged; none where there are none.

    Args:
        own_norm: whether the norm of the prompt's own item may be among them.
    """
    if how is Retrieval.none:
        return [(DECISIVE,)] * len(prompts)
    if how is Retrieval.top5:
        questions = embedder.encode([prompt.question for prompt in prompts])
        likeness = questions @ embedder.encode([norm.statement for norm in pool.norms]).T
    found = []
    for row, prompt in enumerate(prompts):
        norms = pool.norms_of(prompt.cluster) if how is Retrieval.cluster else pool.norms
        if how is Retrieval.top5:
            norms = tuple(pool.norms[i] for i in np.argsort(-likeness[row], kind="stable"))
        norms = tuple(norm for norm in norms if own_norm or norm.item != prompt.item)
        found.append(norms[:_TOP] if how is Retrieval.top5 else norms)
    return found


def stance_system(country: str | None = None) -> str:
    """System message that asks for one clear stance; with a country, for the stance of a person from there."""
    return rendered(_TEMPLATES, "stance", country=country)
