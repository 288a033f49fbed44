"""BLEU between two texts: how alike two stories are."""

import math
from collections import Counter
from collections.abc import Sequence

from alignbench.evaluation.measures.short_answer import words

_ORDERS = (1, 2, 3, 4)


def mutual_bleu(first: str, second: str) -> float:
    """Mean of BLEU in both directions; within [0, 1], symmetric, 1 for the same words.

    Source: BLEU-4 of Papineni et al. 2002, with one added to the counts of two words and more (Lin and Och 2004), as
    single texts often share no four words in a row. 0 where a text has no word.
    """
    a, b = words(first), words(second)
    return (_bleu(a, b) + _bleu(b, a)) / 2


def _bleu(candidate: Sequence[str], reference: Sequence[str]) -> float:
    precisions = [_precision(candidate, reference, n) for n in _ORDERS]
    if min(precisions) == 0:
        return 0.0
    brevity = min(0.0, 1 - len(reference) / len(candidate))
    return math.exp(brevity + sum(map(math.log, precisions)) / len(_ORDERS))


def _precision(candidate: Sequence[str], reference: Sequence[str], n: int) -> float:
    """Share of the candidate's n-grams that the reference has, each as often as it has it."""
    mine, theirs = (
        Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1)) for text in (candidate, reference)
    )
    added = int(n > 1)
    total = mine.total() + added
    return ((mine & theirs).total() + added) / total if total else 0.0
