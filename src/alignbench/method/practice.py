"""Survey-format practice shared by the methods that train: rows in both orders, and a validator.

The format is the benchmark's own (labels, both orders): what is held out are the questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from alignbench.evaluation.ask import Asking
from alignbench.evaluation.metrics import js_similarity
from alignbench.method import RunContext
from alignbench.training.options import OptionRow, Score, Validate
from alignbench.types import Item

_ORDERS = ("forward", "reversed")


def option_rows(
    items: Iterable[Item],
    targets: Mapping[str, Sequence[float]],
    rewards: Mapping[str, Sequence[float]] | None = None,
) -> list[OptionRow]:
    """Two rows an item, one per option order, for the items that have a target.

    Args:
        targets: item id -> distribution over ``Item.codes``.
        rewards: item id -> reward of each option, in the same order.
    """
    rows = []
    for item in items:
        if item.id not in targets:
            continue
        for order in _ORDERS:
            prompt = Asking().prompt(item, 0, order, None)
            target = tuple(float(targets[item.id][i]) for i in prompt.options)
            paid = None if rewards is None else tuple(float(rewards[item.id][i]) for i in prompt.options)
            rows.append(OptionRow(prompt.request.chat, prompt.request.options, target, item.id, paid))
    return rows


def selector(context: RunContext) -> Validate | None:
    """What chooses the checkpoint: :func:`validator`, or None (the last one) as ``training`` says."""
    return validator(context) if context.training.select_on_validation else None


def validator(context: RunContext) -> Validate:
    """Mean 1 - JSD (base 2) on the validation items of the culture, no system prompt.

    One order an item, in turn, which halves the time; a checkpoint is chosen by it, nothing is reported.
    """
    iso3 = context.culture.iso3
    items = context.validation.asked(iso3)
    prompts = [Asking().prompt(i, 0, order, None) for i, order in zip(items, cycle(_ORDERS), strict=False)]
    shares = [np.array(context.validation.of(iso3)[p.item].shares)[list(p.options)] for p in prompts]

    def validate(score: Score) -> float:
        answers = score([p.request.chat for p in prompts], [p.request.options for p in prompts])
        return float(np.mean([js_similarity(p, _softmax(a.logprobs)) for p, a in zip(shares, answers, strict=True)]))

    return validate


def _softmax(logprobs: Sequence[float]) -> NDArray[np.float64]:
    weights = np.exp(np.array(logprobs) - max(logprobs))
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
