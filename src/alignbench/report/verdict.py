"""One sentence on whether the method helped, computed from the rows and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from alignbench.evaluation.board import Row
from alignbench.report.numbers import change, number
from alignbench.report.record import CellRecord


class Finding(Enum):
    """What the intervals allow to say."""

    specific = "specific gain"
    mixed = "mostly calibration, partly specific"
    calibration = "calibration only"
    gain = "gain"
    unclear = "no clear change"
    loss = "loss"
    none = "no comparison"


@dataclass(frozen=True)
class Verdict:
    """A finding in words, the figures it rests on, and what a careful reader must know beside it."""

    finding: Finding
    headline: str
    evidence: str = ""
    caveats: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Headline and evidence as one sentence."""
        return f"{self.headline} ({self.evidence})." if self.evidence else f"{self.headline}."


def verdict(record: CellRecord) -> Verdict:
    """Judge the first method row by the 95 % interval of its difference to the base model.

    An interval wholly above zero is a gain, one that holds zero (or none at all) is no clear change. A
    gain is *specific* if the interval of own minus cross lies above zero, too. Whether or not it does,
    most of the gain is calibration if own minus cross makes less than half of it (our choice).
    """
    base, own = record.base, record.aligned
    if own is None or own.difference is None:
        headline = "There is nothing to compare: this cell holds no pair of base and aligned model"
        return Verdict(Finding.none, headline, caveats=tuple(_row_notes(record)))
    finding = _finding(own, record.control)
    evidence = _evidence(own, record.control)
    return Verdict(finding, _headline(finding, record, own), evidence, tuple(_caveats(record, base, own)))


def _finding(own: Row, control: Row | None) -> Finding:
    gain, low, high = own.difference or 0.0, own.difference_low, own.difference_high
    if low is None or high is None or low <= 0 <= high:
        return Finding.unclear
    if high < 0:
        return Finding.loss
    if control is None or control.difference is None or control.difference_low is None:
        return Finding.gain
    specific, most_is_shared = control.difference_low > 0, control.difference < gain / 2
    if specific:
        return Finding.mixed if most_is_shared else Finding.specific
    return Finding.calibration if most_is_shared else Finding.gain


def _headline(finding: Finding, record: CellRecord, own: Row) -> str:
    closer = f"{own.label} brings {record.cell.model} closer to {record.cell.country}"
    return {
        Finding.specific: f"{closer}, and most of the gain is specific to the culture",
        Finding.mixed: f"{closer}; most of the gain is calibration, a smaller part is the culture",
        Finding.calibration: "Most of the gain is calibration: the control shares it, and the rest may be zero",
        Finding.gain: f"{closer}; how much of the gain is calibration stays open",
        Finding.unclear: f"{own.label} brings no clear change",
        Finding.loss: f"{own.label} moves {record.cell.model} away from {record.cell.country}",
    }[finding]


def _evidence(own: Row, control: Row | None) -> str:
    against_base = change(own.difference, own.difference_low, own.difference_high) + " against the base model"
    if control is None:
        return f"{against_base}; no control trained for another country"
    cross = change(control.difference, control.difference_low, control.difference_high)
    return f"{against_base}; own minus cross {cross}"


def _caveats(record: CellRecord, base: Row | None, own: Row) -> list[str]:
    """Facts that would change how the sentence is read."""
    found = []
    if own.separable is False:
        found.append(
            f"Not separable from format: the score of {own.label} or the base moves by ±{number(_widest(base, own))} "
            "with the form of the questions, more than the difference between them."
        )
    if own.detectable is not None:
        found.append(f"This comparison could have seen a true difference of {number(own.detectable)}.")
    if own.skill is not None and own.skill < 0:
        found.append("The aligned model still scores below uniform answers.")
    if own.entropy_model is not None and own.entropy_survey is not None and own.entropy_model < own.entropy_survey / 2:
        found.append(
            f"Its answers are far more one-sided than the people's: normalised entropy "
            f"{number(own.entropy_model)} against {number(own.entropy_survey)} in the survey."
        )
    if base is not None and own.option_mass is not None and own.option_mass < (base.option_mass or 0) / 2:
        found.append(
            f"It has partly left the answer format: option mass fell from {number(base.option_mass)} to "
            f"{number(own.option_mass)}."
        )
    if own.seeds == 1:
        found.append("One seed: the interval covers the choice of items, not the chance in training.")
    return [*found, *_row_notes(record)]


def _widest(base: Row | None, own: Row) -> float:
    return max(row.format_spread or 0.0 for row in (base, own) if row is not None)


def inseparable(record: CellRecord) -> str | None:
    """Which differences are smaller than the format spread; None if there are none."""
    labels = [row.label for row in record.board if row.separable is False]
    return f"Not separable from format (≈): {', '.join(labels)}." if labels else None


def exposed(record: CellRecord) -> str:
    """How many of the asked items a model may have been tuned on elsewhere."""
    *sets, (_, total) = record.exposure.items()
    asked = max(row.items for row in record.rows)
    named = ", ".join(f"{count} in {title}" for title, count in sets)
    return f"Of the {asked} items asked, {total} stand in public fine-tuning sets ({named})."


def _row_notes(record: CellRecord) -> list[str]:
    """The rows' own warnings, each once, after the labels that it concerns."""
    labels: dict[str, list[str]] = {}
    for row in record.rows:
        if row.note:
            labels.setdefault(row.note, []).append(row.label)
    return [
        f"{'All rows' if len(found) == len(record.rows) else ', '.join(found)}: {note}."
        for note, found in labels.items()
    ]
