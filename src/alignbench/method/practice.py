"""Survey-format practice shared by the methods that train: rows in every order, and a validator.

The format is the benchmark's own, answered by label: what is held out are the questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from alignbench.evaluation.ask import Answer, Asking
from alignbench.evaluation.metrics import js_similarity
from alignbench.method import RunContext
from alignbench.training.options import OptionRow, Score, Validate
from alignbench.types import Item


def option_rows(
    asking: Asking,
    items: Iterable[Item],
    targets: Mapping[str, Sequence[float]],
    rewards: Mapping[str, Sequence[float]] | None = None,
    system: str | None = None,
) -> list[OptionRow]:
    """One row per item and option order, for the items that have a target.

    Args:
        asking: the benchmark's form.
        targets: item id -> distribution over ``Item.codes``.
        rewards: item id -> reward of each option, in the same order.
        system: said before every question.
    """
    asking, rows = replace(asking, answer=Answer.label), []
    for item in items:
        if item.id not in targets:
            continue
        for order in asking.orders_for(0, 1):
            prompt = asking.prompt(item, 0, order, system)
            target = tuple(float(targets[item.id][i]) for i in prompt.options)
            paid = None if rewards is None else tuple(float(rewards[item.id][i]) for i in prompt.options)
            rows.append(OptionRow(prompt.request.chat, prompt.request.options, target, item.id, paid))
    return rows


def validator(context: RunContext, systems: Mapping[str, str | None] | None = None) -> Validate:
    """Mean 1 - JSD (base 2) on validation items, over all items of all countries asked about.

    One order an item, in turn, which halves the time; a checkpoint is chosen by it, nothing is reported.

    Args:
        systems: iso3 -> system text; None for the culture itself without one.
    """
    asking = replace(context.asking, answer=Answer.label)

    def validate(score: Score) -> float:
        asked = []
        for iso3, system in (systems or {context.culture.iso3: None}).items():
            items, people = context.validation.asked(iso3), context.validation.of(iso3)
            orders = cycle(asking.orders_for(0, 1))
            prompts = [asking.prompt(item, 0, order, system) for item, order in zip(items, orders, strict=False)]
            asked += [(p.request, np.array(people[p.item].shares)[list(p.options)]) for p in prompts]
        answers = score([request.chat for request, _ in asked], [request.options for request, _ in asked])
        return float(
            np.mean([js_similarity(p, _softmax(a.logprobs)) for (_, p), a in zip(asked, answers, strict=True)])
        )

    return validate


def likeliest(context: RunContext, items: Sequence[Item], system: str | None) -> list[int]:
    """The base model's likeliest option for each item, as position in ``Item.codes``.

    Probabilities are averaged over the orders of the options.
    """
    asking = replace(context.asking, answer=Answer.label)
    prompts = [[asking.prompt(item, 0, order, system) for order in asking.orders_for(0, 1)] for item in items]
    requests = [prompt.request for asked in prompts for prompt in asked]
    scores = iter(context.engine().score([r.chat for r in requests], [r.options for r in requests]))
    found = []
    for asked in prompts:
        shares = np.zeros(len(asked[0].options))
        for prompt in asked:
            shares[list(prompt.options)] += _softmax(next(scores).logprobs)
        found.append(int(shares.argmax()))
    return found


def _softmax(logprobs: Sequence[float]) -> NDArray[np.float64]:
    weights = np.exp(np.array(logprobs) - max(logprobs))
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
