"""Specificity over all pairs of cultures: each culture's model of one method on each culture's survey."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from alignbench.evaluation.board import corrected
from alignbench.evaluation.interaction import Interaction, c_dist, interaction
from alignbench.evaluation.items import BoardEntry, Kind, seeds_of
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Bootstrap
from alignbench.report.numbers import change, number, p_value, pipe_table

READING = (
    "How much better each culture’s own model fits its people than the other cultures’ models of the same method do, "
    "over all pairs of cultures; what a model gains on every survey alike cancels. Where a method both trains and "
    "prompts, what the prompt brings by itself is taken off. p-values are corrected after Holm over the methods of "
    "one table. C-Dist is the own model’s score over the best that any of these models reaches on the same people, "
    "prompt included, averaged over cultures; at 1 each fits its own people best."
)

# Culture of the model -> culture of the survey -> item id -> the model's scores there, shape (seeds,).
Crossed: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Array]]]
# How similar answers, shape (seeds, options), are to shares, shape (options,): one score a seed.
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
    found: Interaction
    p_value: float | None
    c_dist: float | None


def specificities(
    boards: Mapping[str, Sequence[BoardEntry]], similarity: Similarity, bootstrap: Bootstrap
) -> list[Specificity]:
    """A figure for every method that was fitted to two cultures or more which share an item and a seed.

    Args:
        boards: culture -> what stands on its board; all of one survey, split and model.
    """
    found = []
    for label in dict.fromkeys(e.label for board in boards.values() for e in board if e.kind == "method"):
        own, prompted = _entries(boards, label, "method"), _entries(boards, label, "prompted")
        if prompted:
            own = {culture: entry for culture, entry in own.items() if culture in prompted}
        if figure := _over_pairs(own, prompted, similarity, bootstrap):
            p_raw = None if math.isnan(figure.p_value) else figure.p_value
            distinct = c_dist(crossed(own, similarity, seeds_of((*own.values(), *prompted.values())) or ()))
            found.append(Specificity(label, tuple(own), bool(prompted), figure, p_raw, distinct))
    together = corrected([one.p_value for one in found])
    return [replace(one, p_value=p) for one, p in zip(found, together, strict=True)]


def crossed(entries: Mapping[str, BoardEntry], similarity: Similarity, seeds: Sequence[int] = ()) -> Crossed:
    """Scores of all models on all surveys, on the items that both countries were asked with the same options.

    The answers are those on the boards themselves, so that nothing is asked again.

    Args:
        entries: culture -> the method's entry on the board of that culture.
        seeds: which to take of entries that have several; () takes all.
    """
    people = {culture: entry.column("survey") for culture, entry in entries.items()}
    answers = {culture: entry.answers(seeds) for culture, entry in entries.items()}
    return {
        model: {
            survey: {
                item: similarity(given, np.asarray(shares[item]))
                for item, given in own.items()
                if len(shares.get(item, ())) == given.shape[-1]
            }
            for survey, shares in people.items()
        }
        for model, own in answers.items()
    }


def _entries(boards: Mapping[str, Sequence[BoardEntry]], label: str, kind: Kind) -> dict[str, BoardEntry]:
    served = ((culture, e) for culture, board in boards.items() for e in board if (e.kind, e.method) == (kind, label))
    return dict(served)


def _over_pairs(
    own: Mapping[str, BoardEntry], prompted: Mapping[str, BoardEntry], similarity: Similarity, bootstrap: Bootstrap
) -> Interaction | None:
    seeds = seeds_of((*own.values(), *prompted.values()))
    if seeds is None:
        return None
    scores, words = crossed(own, similarity, seeds), crossed(prompted, similarity, seeds)
    net = {
        model: {
            survey: {item: score - (words[model][survey][item] if prompted else 0.0) for item, score in cells.items()}
            for survey, cells in surveys.items()
        }
        for model, surveys in scores.items()
    }
    batteries = {item: battery for entry in own.values() for item, battery in entry.column("battery").items()}
    return interaction(net, batteries, bootstrap)


def plain(specificity: Specificity) -> dict[str, Any]:
    """The figures for a table."""
    figures, cultures = asdict(specificity.found), " ".join(specificity.cultures)
    tests = {"p_raw": figures.pop("p_value"), "p_value": specificity.p_value}
    about = {"label": specificity.label, "cultures": cultures, "prompted": specificity.prompted}
    return {**about, **figures, **tests, "c_dist": specificity.c_dist}


def markdown(found: Sequence[tuple[str, Specificity]]) -> str:
    """One table of the figures, each after the name of its model."""
    titles = ["method", "model", "cultures", "specificity (‡ beyond the prompt), 95 %", "p (Holm)"]
    titles += ["minimum detectable effect", "C-Dist", "pairs", "items"]
    rows = []
    for model, one in found:
        figure = one.found
        specific = change(figure.value, figure.low, figure.high) + (" ‡" if one.prompted else "")
        tests = (p_value(one.p_value), number(figure.detectable), number(one.c_dist))
        rows.append((one.label, model, ", ".join(one.cultures), specific, *tests, str(figure.pairs), str(figure.items)))
    return pipe_table(titles, rows, 3)
