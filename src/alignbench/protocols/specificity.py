"""Specificity: every culture's model against every culture's survey, with no new answers.

A method that only learns the format of a survey does as well on any country's figures. What is the culture shows on
the diagonal: on the figures of a country, its own model minus the mean of the other countries' models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench import escaping
from alignbench.evaluation.items import BASE
from alignbench.evaluation.metrics import Array, js_similarity
from alignbench.evaluation.statistics import Bootstrap, Difference, paired
from alignbench.files import replacing
from alignbench.protocols.picture import INK, PAPER, lettered
from alignbench.protocols.record import ProtocolRecord, Shares
from alignbench.report.numbers import change, number, pipe_table

_EDGE = "#e08a3c"
_SIZE = 0.82  # inches of a cell
# Column of the table -> the figure of own minus others that it holds.
_OWN = {"own_minus_others": "value", "low": "low", "high": "high", "p_raw": "p_value"}


@dataclass(frozen=True, eq=False)
class Matrix:
    """Scores, 1 - JSD (base 2), on the items that all the countries were asked.

    Attributes:
        models: the cultures, and last the model that was not aligned where it was asked.
        scores: models in rows, the cultures' surveys in columns, shape (models, cultures).
        own_minus_others: per survey: its own culture's model minus the mean of the others.
    """

    cultures: tuple[str, ...]
    models: tuple[str, ...]
    scores: Array
    own_minus_others: tuple[Difference, ...]
    overall: Difference
    items: int
    seeds: int

    @property
    def c_dist(self) -> float:
        """:func:`~alignbench.evaluation.interaction.c_dist` of these scores; the base model is none of the models."""
        own = self.scores[: len(self.cultures)]
        return float((np.diag(own) / own.max(axis=0)).mean())

    @property
    def summary(self) -> str:
        """Own minus others over all cultures, and what scores and intervals mean."""
        seeds = "one seed" if self.seeds == 1 else f"{self.seeds} seeds averaged"
        note = self.overall.note
        warning = f" {note[:1].upper()}{note[1:]}." if note else ""
        return (
            f"Own minus others, all cultures: {_change(self.overall)}. C-Dist (own over best model): "
            f"{number(self.c_dist)}. Score: 1 - Jensen-Shannon divergence (base 2) "
            "of the answers without a persona, on the "
            f"{self.items} items that all these countries were asked; {seeds}. Intervals cover batteries of "
            f"items.{warning}"
        )


def matrix(
    models: Mapping[str, Sequence[Shares]],
    base: Shares | None,
    truths: Mapping[str, Shares],
    batteries: Mapping[str, str],
    bootstrap: Bootstrap,
) -> Matrix | None:
    """Score every model on every survey; None for fewer than two cultures, or if they share no item.

    Args:
        models: culture -> answers of its model, one per seed; scores are averaged over seeds.
        truths: culture -> the country's shares; the same cultures.
    """
    cultures = tuple(models)
    shared = [item for item in batteries if all(item in truths[culture] for culture in cultures)]
    if len(cultures) < 2 or not shared:
        return None

    def scored(answers: Sequence[Shares], culture: str) -> Array:
        truth = truths[culture]
        by_seed = [[float(js_similarity(truth[item], seed[item])) for item in shared] for seed in answers]
        return np.asarray(np.mean(by_seed, axis=0))

    every = {**models, **({BASE: [base]} if base is not None else {})}
    by_item = np.array([[scored(answers, culture) for culture in cultures] for answers in every.values()])
    clusters = [batteries[item] for item in shared]
    n = len(cultures)
    own = by_item[np.arange(n), np.arange(n)]
    others = (by_item[:n].sum(axis=0) - own) / (n - 1)
    return Matrix(
        cultures,
        tuple(every),
        by_item.mean(axis=-1),
        tuple(paired(own[k], others[k], clusters, bootstrap) for k in range(n)),
        paired(own.mean(axis=0), others.mean(axis=0), clusters, bootstrap),
        len(shared),
        max(len(seeds) for seeds in models.values()),
    )


def matrices(records: Sequence[ProtocolRecord]) -> dict[str, Matrix]:
    """Method -> its matrix, of records of one model, survey and block; methods of one culture alone have none."""
    batteries = {item: battery for record in records for item, battery in record.batteries.items()}
    truths = {record.culture: record.truth for record in records}
    found = {}
    for method in dict.fromkeys(record.method for record in records):
        own = [record for record in records if record.method == method and method in record.answers]
        cultures = {record.culture: [r.answers[method] for r in own if r.culture == record.culture] for record in own}
        base = next((record.answers[BASE] for record in own if BASE in record.answers), None)
        made = matrix(cultures, base, truths, batteries, own[0].resampling) if own else None
        if made is not None:
            found[method] = made
    return found


def tidy(method: str, found: Matrix) -> pd.DataFrame:
    """A row per model and survey; on the diagonal ``own_minus_others``, its interval and uncorrected p-value."""

    def row(model: str, survey: str, score: float, own: Difference | None) -> dict[str, Any]:
        scored = {"method": method, "model_of": model, "survey_of": survey, "score": float(score)}
        differences = {name: getattr(own, figure, None) for name, figure in _OWN.items()}
        return {**scored, **differences, "items": found.items, "seeds": found.seeds}

    own = dict(zip(found.cultures, found.own_minus_others, strict=True))
    rows = [
        row(model, survey, score, own[survey] if model == survey else None)
        for model, scores in zip(found.models, found.scores, strict=True)
        for survey, score in zip(found.cultures, scores, strict=True)
    ]
    every = [*rows, row("mean of own", "mean", np.diag(found.scores).mean(), found.overall)]
    return pd.DataFrame(every).assign(c_dist=found.c_dist)


def markdown(method: str, found: Matrix) -> str:
    """Models in rows, surveys in columns, and own minus others below."""
    rows = []
    for model, scores in zip(found.models, found.scores, strict=True):
        shown = zip(found.cultures, map(number, scores), strict=True)
        rows.append([model, *(f"**{score}**" if survey == model else score for survey, score in shown)])
    rows.append(["own minus others", *map(_change, found.own_minus_others)])
    lines = pipe_table(["model of", *(f"survey of {culture}" for culture in found.cultures)], rows, 1)
    return f"## {escaping.markdown(method)}\n\n{lines}\n{found.summary}\n"


def draw(method: str, found: Matrix, path: Path) -> None:
    """The heat map as PNG: rows models, columns surveys, the own culture framed, own minus others below."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    n, scores = len(found.cultures), found.scores
    labels = ["base model" if model == BASE else _words(model) for model in found.models]
    width, height = max(5.6, 2.6 + n * _SIZE * 1.35), 2.5 + (len(scores) + 1) * _SIZE * 0.62
    figure = Figure(figsize=(width, height), dpi=150, facecolor=PAPER)
    left, bottom = 1.5 / width, 1.25 / height
    axes = figure.add_axes((left, bottom, 1 - left - 0.3 / width, 1 - bottom - 1.05 / height))
    low, high = float(scores.min()), float(scores.max())
    axes.imshow(scores, cmap="YlGnBu", vmin=low - 0.15 * (high - low), vmax=high + 0.25 * (high - low), aspect="auto")
    for (r, c), score in np.ndenumerate(scores):
        dark = score > low + 0.62 * (high - low)
        axes.text(c, r, number(score), ha="center", va="center", fontsize=9.5, color=PAPER if dark else INK)
    for k in range(n):
        frame = Rectangle((k - 0.475, k - 0.465), 0.95, 0.93, fill=False, edgecolor=_EDGE, linewidth=2.4)
        axes.add_patch(frame)
    below = [_change(own).replace(" [", "\n[") for own in found.own_minus_others]
    axes.set_yticks(range(len(labels)), labels, fontsize=9.5, color=INK)
    axes.set_xticks(range(n), [f"{_words(c)}\n{text}" for c, text in zip(found.cultures, below, strict=True)])
    axes.tick_params(length=0, labelsize=9, labelcolor=INK)
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=PAPER, linewidth=2.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    reading = "Rows: models of each culture. Columns: surveys; below, own model minus the others'."
    lettered(figure, 0.3, f"Whose model fits whose survey: {method}", reading, found.summary)
    with replacing(path) as partial:
        figure.savefig(partial, facecolor=PAPER)


def _change(found: Difference) -> str:
    return change(found.value, found.low, found.high)


def _words(culture: str) -> str:
    return culture.replace("_", " ")
