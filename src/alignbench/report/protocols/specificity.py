"""The specificity matrix as CSV, Markdown and heat map: every culture's model against every culture's survey."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.evaluation.protocols.specificity import Matrix, matrix
from alignbench.evaluation.statistics import Difference
from alignbench.report.markdown import pipe_table
from alignbench.report.numbers import change, number
from alignbench.report.protocols.record import ProtocolRecord
from alignbench.runs.answered import BASE

_INK, _GREY, _PAPER, _EDGE = "#2b2b2b", "#6f6f6c", "#fcfcf9", "#e08a3c"
# Column of the table -> the figure of own minus others that it holds.
_OWN = {"own_minus_others": "value", "low": "low", "high": "high", "p_raw": "p_value"}
_SIZE = 0.82  # inches of a cell


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
    rows: list[dict[str, Any]] = []
    for r, model_of in enumerate(found.cultures):
        for c, survey_of in enumerate(found.cultures):
            own = found.own_minus_others[c] if r == c else None
            rows.append(_row(method, model_of, survey_of, found.scores[r, c], found, own))
    if found.base is not None:
        scores = zip(found.cultures, found.base, strict=True)
        rows += [_row(method, BASE, survey, score, found, None) for survey, score in scores]
    diagonal = float(np.diag(found.scores).mean())
    rows.append(_row(method, "mean of own", "mean", diagonal, found, found.overall))
    return pd.DataFrame(rows)


def markdown(method: str, found: Matrix) -> str:
    """Models in rows, surveys in columns, and own minus others below."""
    rows = []
    for culture, scores in zip(found.cultures, found.scores, strict=True):
        told = zip(found.cultures, map(number, scores), strict=True)
        shown = [f"**{score}**" if other == culture else score for other, score in told]
        rows.append([culture, *shown])
    if found.base is not None:
        rows.append(["base", *map(number, found.base)])
    changes = [change(d.value, d.low, d.high) for d in found.own_minus_others]
    rows.append(["own minus others", *changes])
    overall = change(found.overall.value, found.overall.low, found.overall.high)
    lines = pipe_table(["model of", *(f"survey of {culture}" for culture in found.cultures)], rows, 1)
    return f"## {method}\n\n{lines}\nOwn minus others, all cultures: {overall}. {reading(found)}\n"


def reading(found: Matrix) -> str:
    """What scores and intervals mean."""
    seeds = "one seed" if found.seeds == 1 else f"{found.seeds} seeds averaged"
    warning = f" {found.overall.note[:1].upper()}{found.overall.note[1:]}." if found.overall.note else ""
    return (
        f"Score: 1 - Jensen-Shannon divergence (base 2) of the answers without a persona, on the {found.items} items "
        f"that all these countries were asked; {seeds}. Intervals cover batteries of items.{warning}"
    )


def draw(method: str, found: Matrix, path: Path) -> None:
    """The heat map as PNG: rows models, columns surveys, the own culture framed, own minus others below."""
    import textwrap

    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    n = len(found.cultures)
    scores = found.scores if found.base is None else np.vstack([found.scores, found.base])
    labels = [*found.cultures, *(["base model"] if found.base is not None else [])]
    width, height = max(5.6, 2.6 + n * _SIZE * 1.35), 2.5 + (len(scores) + 1) * _SIZE * 0.62
    figure = Figure(figsize=(width, height), dpi=150, facecolor=_PAPER)
    left, bottom = 1.5 / width, 1.25 / height
    axes = figure.add_axes((left, bottom, 1 - left - 0.3 / width, 1 - bottom - 1.05 / height))
    low, high = float(scores.min()), float(scores.max())
    axes.imshow(scores, cmap="YlGnBu", vmin=low - 0.15 * (high - low), vmax=high + 0.25 * (high - low), aspect="auto")
    for r, row in enumerate(scores):
        for c, score in enumerate(row):
            dark = score > low + 0.62 * (high - low)
            axes.text(c, r, number(score), ha="center", va="center", fontsize=9.5, color=_PAPER if dark else _INK)
    for k in range(n):
        frame = Rectangle((k - 0.475, k - 0.465), 0.95, 0.93, fill=False, edgecolor=_EDGE, linewidth=2.4)
        axes.add_patch(frame)
    axes.set_yticks(range(len(labels)), [label.replace("_", " ") for label in labels], fontsize=9.5, color=_INK)
    axes.set_xticks(range(n), [_below(c, d) for c, d in zip(found.cultures, found.own_minus_others, strict=True)])
    axes.tick_params(length=0, labelsize=9, labelcolor=_INK)
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=_PAPER, linewidth=2.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    overall = change(found.overall.value, found.overall.low, found.overall.high)
    figure.text(0.3 / width, 1 - 0.36 / height, f"Whose model fits whose survey: {method}", fontsize=13, color=_INK,
                weight="bold", va="center")  # fmt: skip
    figure.text(0.3 / width, 1 - 0.66 / height, "Rows: models of each culture. Columns: surveys; below, own model "
                "minus the others'.", fontsize=8.5, color=_GREY, va="center")  # fmt: skip
    said = textwrap.fill(f"Own minus others, all: {overall}. {reading(found)}", int(width * 16))
    figure.text(0.3 / width, 0.1 / height, said, fontsize=7.5, color=_GREY, va="bottom", linespacing=1.35)
    figure.savefig(path, facecolor=_PAPER)


def _row(method: str, model: str, survey: str, score: float, found: Matrix, own: Difference | None) -> dict[str, Any]:
    return {
        "method": method,
        "model_of": model,
        "survey_of": survey,
        "score": float(score),
        **{name: getattr(own, figure, None) for name, figure in _OWN.items()},
        "items": found.items,
        "seeds": found.seeds,
    }


def _below(culture: str, own: Difference) -> str:
    return f"{culture.replace('_', ' ')}\n{change(own.value, own.low, own.high).replace(' [', chr(10) + '[')}"
