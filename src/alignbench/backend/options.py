"""Scoring options: which tokens must be looked up after which continuation of a prompt."""

import math
import sys
from collections.abc import Mapping, Sequence

from alignbench.types import OptionScores

Ids = tuple[int, ...]
# Continuation of the prompt -> next token -> its log-probability there.
Table = Mapping[Ids, Mapping[int, float]]


def common(a: Ids, b: Ids) -> int:
    """Length of the beginning that two sequences share."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def contexts(options: Sequence[Ids]) -> dict[Ids, list[int]]:
    """Continuation of the prompt -> next tokens to look up after it.

    Option ``(a, b)`` needs ``a`` after ``()`` and ``b`` after ``(a,)``. Where every option is one
    token, only ``()`` is needed: one forward a prompt.
    """
    wanted: dict[Ids, dict[int, None]] = {}
    for option in options:
        for i, token in enumerate(option):
            wanted.setdefault(option[:i], {})[token] = None
    return {context: list(tokens) for context, tokens in wanted.items()}


def leaves(contexts: Mapping[Ids, object]) -> list[Ids]:
    """Contexts that no other one extends: one forward over each passes through all the others."""
    inner = {context[:-1] for context in contexts if context}
    return [context for context in contexts if context not in inner]


def scores(options: Sequence[Ids], table: Table) -> OptionScores:
    """Log-probability of each option by the chain rule, and the mass of their distinct first tokens.

    Where one option begins another ("1" and "10" in digits), the shorter one gets what is left once the longer ones
    are said, so that no probability counts twice.
    """
    begun = {option: sum(table[option[:i]][token] for i, token in enumerate(option)) for option in options}
    logprobs = tuple(_alone(option, begun) for option in options)
    mass = sum(math.exp(table[()][first]) for first in {option[0] for option in options})
    return OptionScores(logprobs, min(mass, 1.0))


def _alone(option: Ids, begun: Mapping[Ids, float]) -> float:
    """Log-probability of ``option`` and of none that goes on from it; ``begun`` holds those of the beginnings."""
    longer = [other for other in begun if len(other) > len(option) and other[: len(option)] == option]
    # Of "1", "10" and "100" the second has the third in it.
    next_longer = [one for one in longer if not any(one != o and one[: len(o)] == o for o in longer)]
    taken = sum(math.exp(begun[other] - begun[option]) for other in next_longer)
    # Rounding may bring what is taken to the whole, whose logarithm is no number.
    return begun[option] + math.log1p(-min(taken, 1 - sys.float_info.epsilon))
