"""How far apart two countries answer."""

import numpy as np

from alignbench.data.survey import Survey
from alignbench.types import check


def total_variation(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Half the L1 distance of two distributions on the same codes, in [0, 1]."""
    return 0.5 * sum(abs(x - y) for x, y in zip(a, b, strict=True))


def mean_total_variation(survey: Survey, a: str, b: str) -> float:
    """Mean total variation between two countries (iso3) over the items that both answered.

    Raises:
        AlignbenchError: an unknown country, or no item in common.
    """
    of_a, of_b = survey.of(a), survey.of(b)
    common = [item.id for item in survey.items if item.id in of_a and item.id in of_b]
    check(bool(common), "countries", f"{a}, {b}", f"they share no item of survey {survey.name}; compare others")
    return sum(total_variation(of_a[i].shares, of_b[i].shares) for i in common) / len(common)


def by_distance(survey: Survey, iso3: str) -> list[tuple[str, float]]:
    """The survey's other countries with their mean total variation, the most similar first."""
    others = (other for other in survey.answers if other != iso3)
    return sorted(((o, mean_total_variation(survey, iso3, o)) for o in others), key=lambda pair: (pair[1], pair[0]))


def most_varying(survey: Survey, count: int) -> list[str]:
    """Ids of the ``count`` items on which countries differ most, those first."""
    variation = regional_variation(survey)
    return sorted(variation, key=lambda i: (-variation[i], i))[:count]


def regional_variation(survey: Survey) -> dict[str, float]:
    """Item id -> mean total variation between a country's shares and the mean of all countries (0 to 1).

    How much an item tells countries apart; items that fewer than two countries answered are left out. Our
    choice of a measure: CultureRL selects "regional variation" questions by a rule that is not published.
    """
    found = {}
    for item in survey.items:
        shares = np.array([cells[item.id].shares for cells in survey.answers.values() if item.id in cells])
        if len(shares) > 1:
            found[item.id] = float(np.abs(shares - shares.mean(axis=0)).sum(axis=1).mean() / 2)
    return found
