"""How small an effect a comparison would find, with how many cultures, questions and seeds.

The effect is the pooled specificity of a method (the interaction, mean over pairs of cultures). How sure it is depends
on how far the models' answers differ: prompts that change little are measured to a ten-thousandth, trained models are
not. So there are two kinds of rows for each number of cultures.

* *as told*: models that differ as this model's answers to the names did, without chance in training;
* *as people*: models that differ as much as peoples do, in no right direction: each answers as people of a country that
  is drawn at random. A training that learnt as much as there is, all of it wrong, would be this noisy.

A comparison of trained models lies between the two. Both are the minimum detectable effect of
:mod:`alignbench.evaluation.pooling`, which covers the choice of cultures from five on. Of other sets of questions than
those of the probe it is scaled by their number of batteries, as a standard error is (with its critical values); no
answer to them is read. For seeds it is multiplied by sqrt(1 + r / seeds), where r is the variance that the chance in
training adds, in parts of what is there without. Nothing is trained here: r is assumed (``task.seed_variance``).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alignbench.evaluation.pooling import ENOUGH
from alignbench.evaluation.statistics import POWER, Bootstrap
from alignbench.probe.figures import Shares, pooled, scored
from alignbench.seeds import seed_of

# Draws of cultures and of wrong answers that a figure rests on; bounds are not needed, hence few resamples.
_DRAWS, _RESAMPLES = 16, 20
# Seeds and cultures that are shown: one pair, the fewest whose choice is covered, more; and those of the probe.
SEEDS, CULTURES = (1, 3), (2, ENOUGH, 7)


@dataclass(frozen=True)
class DesignRow:
    """The minimum detectable effect of one design.

    Attributes:
        differ: told | people: how far the models' answers differ, see the module.
        seeds: None where there is no training.
        detectable: set of questions -> minimum detectable effect in units of the score; NaN where it cannot be had.
    """

    cultures: int
    seeds: int | None
    differ: str
    detectable: Mapping[str, float]


def design(
    model: Shares,
    people: Shares,
    batteries: Mapping[str, str],
    sets: Mapping[str, int],
    seed_variance: float,
    bootstrap: Bootstrap,
) -> list[DesignRow]:
    """Designs of up to as many cultures as were probed.

    Args:
        sets: name of a set of questions -> its batteries; 0 where it has none that all the countries were asked.
        seed_variance: r of the module.
    """
    total, here = len(next(iter(people.values()))), len({batteries[item] for item in people})
    scales = {name: _scale(here, there, bootstrap.confidence) for name, there in sets.items()}
    answers, rows = {"told": (model, (None,)), "people": (people, SEEDS)}, []
    for differ, (shares, seeds) in answers.items():
        table, ideal = scored(shares, people), scored(people, people)
        for cultures in (*(n for n in CULTURES if n < total), total):
            found = _detectable(table, ideal, cultures, differ == "people", batteries, bootstrap)
            for count in seeds:
                chance = math.sqrt(1 + seed_variance / count) if count else 1.0
                rows.append(DesignRow(cultures, count, differ, {n: found * chance * s for n, s in scales.items()}))
    return rows


def _detectable(
    table: Shares, ideal: Shares, cultures: int, dealt: bool, batteries: Mapping[str, str], bootstrap: Bootstrap
) -> float:
    """Median over draws of cultures and, where answers are ``dealt`` out at random, of these; NaN if most see nothing.

    Args:
        table: scores as :func:`~alignbench.probe.figures.scored` gives them; ``ideal`` of people's own answers.
    """
    rng = np.random.default_rng(seed_of(bootstrap.seed, "design", dealt))
    quick = Bootstrap(_RESAMPLES, bootstrap.seed, bootstrap.confidence)
    total, found = len(next(iter(table.values()))), []
    for _ in range(_DRAWS if dealt or cultures < total else 1):
        drawn = rng.permutation(total)[:cultures].tolist()
        whose = rng.permutation(total)[:cultures].tolist() if dealt else None
        found.append(pooled(table, ideal, batteries, quick, drawn, whose).detectable)
    middle = float(np.median([math.inf if math.isnan(one) else one for one in found]))
    return middle if math.isfinite(middle) else math.nan


def _scale(here: int, there: int, confidence: float) -> float:
    """What a standard error with its critical values becomes when it rests on another number of batteries."""
    from scipy.special import stdtrit

    if min(here, there) < 2:
        return math.nan

    def critical(batteries: int) -> float:
        return sum(float(stdtrit(batteries - 1, tail)) for tail in ((1 + confidence) / 2, POWER))

    return math.sqrt(here / there) * critical(there) / critical(here)
