"""The one sentence of a probe, and its reasons in figures.

======================= ============================================================================================
worth prompting         it answers, its answers differ between countries, and in the right direction
worth training          they differ, but not (or not clearly) as people do, or it hardly answers: a name is read, and
                        what it stands for is still to be learnt
cannot be told a        they hardly differ, or no more than by names without a meaning: neither a prompt nor one model
country                 for many countries has a handle
======================= ============================================================================================

The thresholds are knobs (:class:`~alignbench.probe.recipe.Probing`).
"""

from enum import Enum

from alignbench.probe.figures import Direction
from alignbench.probe.recipe import Probing
from alignbench.report.numbers import change, number, p_value, percent, signed


class Verdict(Enum):
    """See the module."""

    prompting = "worth prompting"
    training = "worth training"
    untold = "cannot be told a country"


def verdict(
    mass: float, found: Direction, nonsense: float, knobs: Probing, confidence: float
) -> tuple[Verdict, list[str]]:
    """The verdict, and a sentence for each of its grounds.

    Args:
        mass: mean probability of the options, told a country.
        nonsense: the reaction to names without a meaning, as :attr:`Direction.reaction` is.
    """
    least = max(knobs.least_reaction, knobs.beyond_nonsense * nonsense)
    reacts, answers = found.reaction.value >= least, mass >= knobs.least_mass
    way = _way(found, 1 - confidence)
    reasons = [_format(mass, answers, knobs), _reaction(found, nonsense, reacts, knobs), _direction(found, way)]
    if not reacts:
        return Verdict.untold, reasons
    return (Verdict.prompting if way == "right" and answers else Verdict.training), reasons


def _way(found: Direction, alpha: float) -> str:
    """right | wrong | unclear: clear of zero, and beyond luck over ways of dealing the answers out."""
    both = found.interaction
    if found.luck < alpha and both.low > 0:
        return "right"
    return "wrong" if found.luck < alpha and both.high < 0 else "unclear"


def _format(mass: float, answers: bool, knobs: Probing) -> str:
    said = f"{percent(mass)} of the next token's probability is on the options"
    least = percent(knobs.least_mass)
    return (
        f"It answers in the format: {said}." if answers else f"It hardly answers in the format: {said}, below {least}."
    )


def _reaction(found: Direction, nonsense: float, reacts: bool, knobs: Probing) -> str:
    part, strange = _part(found.reaction.value), _part(nonsense)
    said = f"answers differ by {part} of what people of these countries differ by, by {strange} for meaningless names"
    if reacts:
        return f"It reacts to a country: {said}."
    short = found.reaction.value < knobs.least_reaction
    limit = f"below {_part(knobs.least_reaction)}" if short else "which is no more than any name does"
    return f"It does not react to a country: {said}; {limit}."


def _direction(found: Direction, way: str) -> str:
    both, alike = found.interaction, found.correlation
    figures = (
        f"interaction {change(both.value, both.low, both.high, 4)}, correlation with people's deviations "
        f"{signed(alike.value, 2)}, p over ways of dealing the answers out {p_value(found.luck)}"
    )
    said = {
        "right": "Its answers differ in the right direction",
        "wrong": "Its answers differ in the wrong direction",
        "unclear": "No direction can be told",
    }
    return f"{said[way]}: {figures}."


def _part(share: float) -> str:
    """A share as per cent with as many digits as a small one needs."""
    return f"{number(100 * share, 0 if share >= 0.1 else 1 if share >= 0.01 else 2)} %"
