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
