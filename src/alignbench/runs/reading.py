"""What stands under the tables of a cell: how each figure is to be read, and what its interval covers."""

from __future__ import annotations

from collections.abc import Sequence

from alignbench.evaluation.board import HALVES, Row
from alignbench.evaluation.statistics import POWER
from alignbench.method.joint import Joint
from alignbench.runs.cell import Cell
from alignbench.types import Culture


def reading(cell: Cell, rows: Sequence[Row]) -> tuple[str, ...]:
    """Sentences; the first two are for the terminal, too."""
    confidence = cell.benchmark.confidence
    lines = [
        f"Intervals of scores, skill and differences are {confidence:.0%} bootstrap intervals over item batteries: they"
        " cover the choice of questions, not the chance in training (run several seeds for that), nor the form of the"
        " questions.",
        f"Could see: the true difference that this comparison finds with a chance of {POWER:.0%} at a level of "
        f"{1 - confidence:.0%}. A difference that is not clear of zero says nothing about smaller ones.",
        _format(rows),
        "Skill is 0 for uniform answers and 1 for a fresh sample of the country's own respondents.",
        f"All rows are scored on the {cell.benchmark.split.name} items that the country was asked; no method saw an"
        " item of their batteries.",
    ]
    if any(row.label == HALVES for row in rows):
        lines.append(
            "Half of the respondents, scored against the other half (mean of 200 ways to halve them), is what people"
            " reach with half the sample: below the fresh sample, which is drawn from the shares themselves."
        )
    if cell.others:
        lines.append("Other countries are asked for in ten wordings, before and after: a fall is damage.")
    if cell.control is not None:
        lines.append(_control(cell, cell.control))
    return tuple(lines)


def _control(cell: Cell, control: Culture) -> str:
    if isinstance(cell.method, Joint) and cell.culture.iso3 in cell.method.joint:
        return (
            f"The control is told {control.country}, by one model of several countries that has learnt the figures of"
            f" {cell.culture.country}, too: own minus cross is how far the method keeps the countries apart."
        )
    return (
        f"The control is the same recipe on the figures of {control.country}: what it gains too is"
        " calibration (format, position, spread), not culture."
    )


def _format(rows: Sequence[Row]) -> str:
    formats = next((tuple(row.formats) for row in rows if row.formats), ())
    if len(formats) < 2:
        return "The questions were asked in one form alone, so that nothing can be said on what the form decides."
    return (
        f"Format is half the range of a row's score over {len(formats)} formats ({', '.join(formats)}); a difference "
        "smaller than the larger one of the two rows' is not separable from format. It has no interval."
    )
