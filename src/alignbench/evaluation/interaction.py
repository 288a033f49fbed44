"""Specificity: how much better models fit the culture they were made for than each other's.

Own minus cross (the own model minus the control's, both on the own survey) mixes what is the culture with how well the
two models fit any survey. The *interaction* of model and survey keeps the first alone. For two cultures A and B, per
item asked in both:

    S = ([model A on survey A] + [model B on survey B] - [model A on survey B] - [model B on survey A]) / 2

Whatever a model gains on both surveys alike (format, position, spread, a better fit to people in general) cancels, and
so does whatever makes one survey easier to fit than the other; S is own minus cross averaged over the two surveys. It
is the contrast of a two-by-two design; to use it as the measure of specificity is our choice.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike

from alignbench.evaluation.statistics import Bootstrap, Difference, weighted

# Item id -> score, one number or one for each seed.
ByItem = Mapping[str, ArrayLike]


@dataclass(frozen=True)
class Interaction(Difference):
    """The mean interaction of model and survey, in units of the score.

    Attributes:
        items: different items that it rests on.
        pairs: pairs of cultures that share an item.
    """

    items: int = 0
    pairs: int = 0


def interaction(
    scores: Mapping[str, Mapping[str, ByItem]], batteries: Mapping[str, str], bootstrap: Bootstrap
) -> Interaction | None:
    """The mean of S (see the module) over all pairs of cultures, with its interval over batteries and seeds.

    A pair's S is its mean over the items that both countries were asked, and every pair counts the same. A battery is
    one cluster across all pairs, because its items are the same questions everywhere. To leave out what a prompt brings
    by itself, give each model's score minus that of the base model given the same prompt: the interaction is linear.

    Args:
        scores: culture of the model -> culture of the survey -> the model's scores there. Both levels name the same
            cultures; with several seeds, every model has the same ones in the same order.

    Returns:
        None where no two cultures were asked the same item.
    """
    values, weights, clusters, known, pairs = [], [], [], set(), 0
    for one, other in combinations(scores, 2):
        cells = [scores[m][s] for m, s in ((one, one), (other, other), (one, other), (other, one))]
        shared = [item for item in cells[0] if all(item in cell for cell in cells)]
        known |= set(shared)
        pairs += bool(shared)
        for item in shared:
            own, others, *crossed = (np.asarray(cell[item], np.float64) for cell in cells)
            values.append(np.atleast_1d(own + others - crossed[0] - crossed[1]) / 2 / len(shared))
            weights.append(1 / len(shared))
            clusters.append(batteries[item])
    if not values:
        return None
    found = weighted(np.stack(values, axis=1), weights, clusters, bootstrap)
    return Interaction(**asdict(found), items=len(known), pairs=pairs)


def c_dist(scores: Mapping[str, Mapping[str, ByItem]]) -> float | None:
    """C-Dist, the mean over cultures of M[i, i] / max over j of M[j, i]; from 0 to 1, and at 1 each fits its own best.

    M[j, i] is the mean score of culture j's model on culture i's survey, over the items of it that every model has a
    score for. Scores that all lie near one another bring it near 1 whatever was learnt; it has no interval and no test
    here.

    Source: Adilazuarda et al. 2025, "From Surveys to Narratives: Rethinking Cultural Value Adaptation in LLMs".

    Args:
        scores: as for :func:`interaction`, none below zero.

    Returns:
        None for fewer than two cultures, or where no survey has such an item on which a model scores at all.
    """
    ratios = []
    for survey, own in scores.items():
        shared = [item for item in own[survey] if all(item in model[survey] for model in scores.values())]
        cells = {
            name: [np.mean(np.asarray(model[survey][i], np.float64)) for i in shared] for name, model in scores.items()
        }
        means = {name: float(np.mean(found)) for name, found in cells.items() if found}
        if means and max(means.values()) > 0:
            ratios.append(means[survey] / max(means.values()))
    return fmean(ratios) if ratios and len(scores) > 1 else None
