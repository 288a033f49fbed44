"""What stands under the tables of a cell: how each figure is to be read, and what its interval covers."""

from collections.abc import Sequence

from alignbench.evaluation.board import HALVES, Row
from alignbench.evaluation.statistics import POWER
from alignbench.record.cell import ONE_FORM
from alignbench.runs.setting import Setting
from alignbench.steps.joint import Joint
from alignbench.training.recipe import Select
from alignbench.types import Culture, Split


def reading(cell: Setting, rows: Sequence[Row]) -> tuple[str, ...]:
    """Sentences; the first four are for every table (``CellRecord.reading_of_tables``)."""
    confidence = cell.scoring.confidence
    lines = [
        f"Intervals are {confidence:.0%} bootstrap intervals over item batteries: they cover the choice of questions,"
        " not the chance in training (run several seeds: the board's intervals cover both), nor the form of the"
        " questions.",
        f"The minimum detectable effect is the true difference that is found with a chance of {POWER:.0%} at a level"
        f" of {1 - confidence:.0%}. A difference that is not clear of zero says nothing about smaller ones.",
        _selection(cell.training.select),
        *([] if cell.control is None else [_specificity(cell, cell.control, rows)]),
        _format(rows),
        "Skill is 0 for uniform answers and 1 for a fresh sample of the country's own respondents.",
        f"All rows are scored on the {cell.scoring.split.name} items that the country was asked. {_seen(cell)}",
    ]
    if any(row.kind == "prompted" for row in rows):
        lines.append(
            "A trained model that is prompted when it is asked is compared with the base model given the same prompt:"
            " the difference is what its weights learnt. Its difference to the unprompted base holds what the prompt"
            " brings, too."
        )
    if any(row.label == HALVES for row in rows):
        lines.append(
            "Half of the respondents, scored against the other half (mean of 200 ways to halve them), is what people"
            " reach with half the sample: below the fresh sample, which is drawn from the shares themselves."
        )
    if cell.others:
        lines.append("Other countries are asked for in ten wordings, before and after: a fall is damage.")
    return tuple(lines)


def _seen(cell: Setting) -> str:
    """What methods knew of the items that are scored."""
    split = cell.scoring.split
    if split is Split.test:
        return "No method saw an item of their batteries."
    if split is Split.train:
        return (
            "Methods that train or mine norms have seen these very items with their shares: scores say how well they"
            " were learnt, not how they carry over to other questions."
        )
    if cell.training.select is Select.last:
        return "No method was trained on an item of their batteries, and no checkpoint was chosen by them."
    return "No method was trained on them, but checkpoints may have been chosen by the country's shares of them."


def _selection(select: Select) -> str:
    """Which checkpoint stands for a training, and what that choice has seen."""
    if select is Select.last:
        return "Every training exports its last checkpoint (training.select=last), so that none saw validation items."
    return (
        "Every training exports the checkpoint that fits the country's validation items best (training.select="
        "validation): their shares are an input of every method that trains."
    )


def _specificity(cell: Setting, control: Culture, rows: Sequence[Row]) -> str:
    own, other = cell.culture.country, control.country
    beyond = (
        ", less the same of the base model given the same prompt" if any(r.kind == "prompted" for r in rows) else ""
    )
    made = f"the same recipe on the figures of {other}"
    if isinstance(cell.method, Joint) and cell.culture.iso3 in cell.method.joint:
        made = f"one model of several countries, prompted as {other}, that has learnt the figures of {own}, too"
    return (
        f"Specificity is the interaction of model and survey: how much better the models for {own} and {other} fit"
        f" their own country's survey than each other's{beyond}. What a method gains on both surveys alike (format,"
        f" position, spread) is shared with the control, and cancels. The control is {made}."
    )


def _format(rows: Sequence[Row]) -> str:
    formats = next((tuple(row.formats) for row in rows if row.formats), ())
    if len(formats) < 2:
        return ONE_FORM
    return (
        f"Format is half the range of a row's score over {len(formats)} formats ({', '.join(formats)}); a difference "
        "smaller than the larger one of the two rows' is not separable from format. It has no interval."
    )
