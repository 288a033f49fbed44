"""Specificity over all pairs of cultures: each culture's model of one method on each culture's survey."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from alignbench.evaluation.board import corrected
from alignbench.evaluation.interaction import c_dist
from alignbench.evaluation.items import BoardEntry, Kind, seeds_of
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.pooling import ENOUGH, Pooled, pooled_interaction
from alignbench.evaluation.statistics import Bootstrap
from alignbench.report.numbers import BEYOND, FEW, change, number, p_value, pipe_table

READING = (
    "How much better each culture’s own model fits its people than the other cultures’ models of the same method do, "
    "over all pairs of cultures; what a model gains on every survey alike cancels. Where a method both trains and "
    "prompts, what the prompt brings by itself is taken off. p-values are corrected after Holm over the methods of "
    f"one table. Of {ENOUGH} cultures or more, intervals cover the choice of questions and that of cultures, and with "
    "it the chance in training; of fewer, they cover the questions alone and speak of these cultures only (§). The "
    "minimum detectable effect is the true specificity that this design finds four times out of five, whatever was "
    "found: an effect is taken to be the larger the more two peoples differ on a question. C-Dist is the own model’s "
    "score over the best that any of these models reaches on the same people, prompt included, averaged over cultures; "
    "at 1 each fits its own people best."
)

# Culture of the model -> culture of the survey -> item id -> the model's scores there, shape (seeds,).
Crossed: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Array]]]
# How similar answers are to shares, options in the last axis of both; the axes before it are broadcast.
Similarity: TypeAlias = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Specificity:
    """The interaction of a method's models with the surveys of their cultures.

    Attributes:
        prompted: whether that of the base model given the same prompt is taken off.
        p_value: two-sided, corrected after Holm over the methods side by side; None where there is none.
        c_dist: see :func:`~alignbench.evaluation.interaction.c_dist`; None where it does not exist.
    """

    label: str
    cultures: tuple[str, ...]
    prompted: bool
    found: Pooled
    p_value: float | None
    c_dist: float | None


def specificities(
    boards: Mapping[str, Sequence[BoardEntry]], similarity: Similarity, bootstrap: Bootstrap
) -> list[Specificity]:
    """A figure for every method that was fitted to two cultures or more which share an item and a seed.

    The answers are those on the boards themselves, so that nothing is asked again.

    Args:
        boards: culture -> what stands on its board; all of one survey, split and model.
    """
    shares = {culture: board[0].column("survey") for culture, board in boards.items()}
    batteries = {item: battery for board in boards.values() for item, battery in board[0].column("battery").items()}
    told = {culture: {i: np.atleast_2d(own) for i, own in held.items()} for culture, held in shares.items()}
    people = crossed(told, shares, similarity)
    found = []
    for label in dict.fromkeys(e.label for board in boards.values() for e in board if e.kind == "method"):
        own, prompted = _entries(boards, label, "method"), _entries(boards, label, "prompted")
        if prompted:
            own = {culture: entry for culture, entry in own.items() if culture in prompted}
        seeds = seeds_of((*own.values(), *prompted.values()))
        if seeds is None:
            continue
        scores, words = (
            crossed({c: e.answers(seeds) for c, e in entries.items()}, shares, similarity)
            for entries in (own, prompted)
        )
        figure = pooled_interaction(_less(scores, words) if prompted else scores, people, batteries, bootstrap)
        if figure:
            p_raw = None if math.isnan(figure.p_value) else float(figure.p_value)
            found.append(Specificity(label, tuple(own), bool(prompted), figure, p_raw, c_dist(scores)))
    together = corrected([one.p_value for one in found])
    return [replace(one, p_value=p) for one, p in zip(found, together, strict=True)]


def crossed(
    answers: Mapping[str, Mapping[str, Array]],
    shares: Mapping[str, Mapping[str, Sequence[float]]],
    similarity: Similarity,
) -> Crossed:
    """Scores of all models on all surveys of the same cultures, where these have the item with the same options.

    Args:
        answers: culture -> item -> what its model answers, shape (seeds, options); the same seeds everywhere.
        shares: culture -> item -> what its people answer, shape (options,).
    """
    found: dict[str, dict[str, dict[str, Array]]] = {m: {s: {} for s in answers} for m in answers}
    for item in dict.fromkeys(item for own in answers.values() for item in own):
        for options in {own[item].shape[-1] for own in answers.values() if item in own}:
            models = [m for m, own in answers.items() if item in own and own[item].shape[-1] == options]
            surveys = [s for s in answers if len(shares[s].get(item, ())) == options]
            if surveys:
                given = np.stack([answers[m][item] for m in models])[:, None]
                scores = similarity(given, np.array([shares[s][item] for s in surveys])[:, None])
                for (m, model), (s, survey) in product(enumerate(models), enumerate(surveys)):
                    found[model][survey][item] = scores[m, s]
    return found


def _entries(boards: Mapping[str, Sequence[BoardEntry]], label: str, kind: Kind) -> dict[str, BoardEntry]:
    served = ((culture, e) for culture, board in boards.items() for e in board if (e.kind, e.method) == (kind, label))
    return dict(served)


def _less(scores: Crossed, words: Crossed) -> Crossed:
    """The scores less those of the base model given the same prompt."""
    return {
        model: {
            survey: {item: score - words[model][survey][item] for item, score in cells.items()}
            for survey, cells in surveys.items()
        }
        for model, surveys in scores.items()
    }


def plain(specificity: Specificity) -> dict[str, Any]:
    """The figures for a table."""
    figures, cultures = asdict(specificity.found), " ".join(specificity.cultures)
    tests = {"p_raw": figures.pop("p_value"), "p_value": specificity.p_value}
    about = {"label": specificity.label, "cultures": cultures, "prompted": specificity.prompted}
    return {**about, **figures, **tests, "c_dist": specificity.c_dist}


def marks(one: Specificity) -> str:
    """``‡`` where it is beyond the prompt, ``§`` where its interval speaks of these cultures only."""
    return (BEYOND if one.prompted else "") + ("" if one.found.two_way else FEW)


def markdown(found: Sequence[tuple[str, Specificity]]) -> str:
    """One table of the figures, each after the name of its model."""
    titles = ["method", "model", "cultures", "specificity (‡ beyond the prompt), 95 %", "p (Holm)"]
    titles += ["minimum detectable effect", "C-Dist", "pairs", "items"]
    rows = []
    for model, one in found:
        figure = one.found
        specific = " ".join(filter(None, [change(figure.value, figure.low, figure.high), marks(one)]))
        tests = (p_value(one.p_value), number(figure.detectable), number(one.c_dist))
        rows.append((one.label, model, ", ".join(one.cultures), specific, *tests, str(figure.pairs), str(figure.items)))
    return pipe_table(titles, rows, 3)
