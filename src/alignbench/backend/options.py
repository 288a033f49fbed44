"""Scoring options: which tokens must be looked up after which continuation of a prompt."""

import math
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
    """Log-probability of each option by the chain rule, and the mass of their distinct first tokens."""
    logprobs = tuple(sum(table[option[:i]][token] for i, token in enumerate(option)) for option in options)
    mass = sum(math.exp(table[()][first]) for first in {option[0] for option in options})
    return OptionScores(logprobs, min(mass, 1.0))
