"""One sentence on whether the method helped, computed from the rows and nothing else."""

from dataclasses import dataclass
from enum import Enum

from alignbench.evaluation.board import Row
from alignbench.record.cell import CellRecord
from alignbench.report.numbers import change, number

# The baseline whose prompt names the country and nothing else.
COUNTRY_PROMPT = "cultural_prompt"
# Option mass under which most of what a model would say is none of the options.
_ANSWERED = 0.5
# Share of unread replies from which a reader must know of them. Our choice.
_UNREAD = 0.05


class Finding(Enum):
    """What the intervals allow to say."""

    specific = "specific gain"
    mixed = "mostly shared with the control, partly specific"
    shared = "shared with the control"
    gain = "gain"
    nothing = "nothing learnt beyond the prompt"
    unclear = "no clear change"
    loss = "loss"
    none = "no comparison"


@dataclass(frozen=True)
class CellVerdict:
    """A finding in words, the figures it rests on, and what a careful reader must know.

    Attributes:
        power: what the comparison could have detected, a sentence; empty where that is not known, or where all answers
            are the same.
    """

    finding: Finding
    headline: str
    evidence: str = ""
    caveats: tuple[str, ...] = ()
    power: str = ""

    @property
    def sentence(self) -> str:
        """What could have been detected, then headline and evidence."""
        found = f"{self.headline} ({self.evidence})." if self.evidence else f"{self.headline}."
        return f"{self.power} {found}".lstrip()


def verdict(record: CellRecord) -> CellVerdict:
    """Judge the aligned model by the 95 % intervals of its difference and of its specificity.

    The difference is to the base model, given the same prompt where the method both trains and prompts. An interval
    wholly above zero is a gain; one that holds zero (or none at all) is no clear change. If, with a prompt, the
    specificity is not clear of zero either, nothing was learnt beyond the prompt. A gain is *specific* if the interval
    of the specificity lies above zero. Whether or not it does, most of the gain is shared with the control if the
    specificity makes less than half of it (our choice). The headline names the plainest rival: the prompt of the
    country, or else the best baseline, if its score is at least the method's to three decimals.
    """
    base, own = record.base, record.aligned
    if own is None or own.difference is None:
        headline = "There is nothing to compare: this cell holds no pair of base and aligned model"
        return CellVerdict(Finding.none, headline, caveats=tuple(_row_notes(record)))
    finding = _finding(own, record.prompted)
    headline = _headline(finding, record, own) + _rival(finding, record, own)
    return CellVerdict(
        finding, headline, _evidence(own, record.prompted), tuple(_caveats(record, base, own)), _power(own)
    )


def _clear(low: float | None, high: float | None) -> int:
    """1 or -1 for an interval wholly above or below zero; 0 for one that holds it, or none."""
    if low is None or high is None or low <= 0 <= high:
        return 0
    return 1 if low > 0 else -1


def _finding(own: Row, prompted: Row | None) -> Finding:
    moved = _clear(own.difference_low, own.difference_high)
    specific = _clear(own.specificity_low, own.specificity_high)
    if moved == 0:
        return Finding.unclear if prompted is None or specific else Finding.nothing
    if moved < 0:
        return Finding.loss
    if own.specificity is None or own.specificity_low is None:
        return Finding.gain
    most_is_shared = own.specificity < (own.difference or 0.0) / 2
    if specific > 0:
        return Finding.mixed if most_is_shared else Finding.specific
    return Finding.shared if most_is_shared else Finding.gain


def _headline(finding: Finding, record: CellRecord, own: Row) -> str:
    than = ", beyond what its prompt does" if record.prompted else ""
    closer = f"{own.label} brings {record.cell.model} closer to {record.cell.country}{than}"
    unclear = "" if own.specificity is None else ", though it fits the two countries differently"
    clear = _clear(own.specificity_low, own.specificity_high)
    return {
        Finding.specific: f"{closer}, and most of the gain is specific to the culture",
        Finding.mixed: f"{closer}; most of the gain is shared with the control, a smaller part is specific",
        Finding.shared: f"{closer}; most of the gain is shared with the control, and the rest may be zero",
        Finding.gain: f"{closer}; how much of the gain is specific to the culture stays open",
        Finding.nothing: f"{own.label}: nothing learnt beyond the prompt",
        Finding.unclear: f"{own.label} brings no clear change{unclear if clear else ''}",
        Finding.loss: f"{own.label} moves {record.cell.model} away from {record.cell.country}",
    }[finding]


def _rival(finding: Finding, record: CellRecord, own: Row) -> str:
    """That a baseline does as well as the method or better, if one does."""
    others = [row for row in record.rows if row.kind == "method" and row is not own]
    level = [row for row in others if round(row.score, 3) >= round(own.score, 3)]
    if not level:
        return ""
    best = max(level, key=lambda row: (row.label == COUNTRY_PROMPT, row.score))
    name = "the country prompt" if best.label == COUNTRY_PROMPT else best.label
    does = "does better" if round(best.score, 3) > round(own.score, 3) else "does as well"
    joint = ", but" if finding in (Finding.specific, Finding.mixed, Finding.shared, Finding.gain) else ";"
    return f"{joint} {name} {does}: {number(best.score)} against {number(own.score)}"


def _evidence(own: Row, prompted: Row | None) -> str:
    found = change(*own.figure("difference"))
    found += " against the base model" if prompted is None else " against the base given the same prompt"
    if own.plain is not None:
        found += f", {change(*own.figure('plain'))} against the unprompted base"
    if own.specificity is None:
        return f"{found}; no control, so its specificity is not known"
    return f"{found}; specificity {change(*own.figure('specificity'))}"


def _power(own: Row) -> str:
    if not own.detectable:
        return ""
    known = own.specificity_detectable is not None
    specific = f" and a specificity of {number(own.specificity_detectable)}" if known else ""
    return f"Minimum detectable effect: a difference of {number(own.detectable)}{specific}."


def _caveats(record: CellRecord, base: Row | None, own: Row) -> list[str]:
    """Facts that would change how the sentence is read."""
    found = []
    if own.separable is False:
        spreads = [row.format_spread or 0.0 for row in (record.prompted or base, own) if row is not None]
        found.append(
            f"Not separable from format: the score of {own.label} or of what it is compared with moves by "
            f"±{number(max(spreads))} with the form of the questions, more than their difference."
        )
    if own.skill is not None and own.skill < 0:
        found.append("The aligned model still scores below uniform answers.")
    if own.entropy_model is not None and own.entropy_survey is not None and own.entropy_model < own.entropy_survey / 2:
        found.append(
            f"Its answers are far more one-sided than the people's: normalised entropy "
            f"{number(own.entropy_model)} against {number(own.entropy_survey)} in the survey."
        )
    if base is not None and base.option_mass is not None and base.option_mass < _ANSWERED:
        found.append(
            "Less than half of what the base model would say next is an option (option mass "
            f"{number(base.option_mass)}): its score is partly about the form of the question."
        )
    if base is not None and own.option_mass is not None and own.option_mass < (base.option_mass or 0) / 2:
        found.append(
            f"It has partly left the answer format: option mass fell from {number(base.option_mass)} to "
            f"{number(own.option_mass)}."
        )
    unread = [(row.label, row.unread) for row in (record.prompted or base, own) if row is not None and row.unread]
    if any(share >= _UNREAD for _, share in unread):
        shares = ", ".join(f"{share:.1%} of {label}" for label, share in unread)
        found.append(
            f"Replies could not be read ({shares}): they are left out, a question without any other counts as even "
            "shares, and a change of their share can pass for a change of the answers."
        )
    if own.seeds == 1:
        found.append("One seed: the interval covers the choice of items, not the chance in training.")
    return [*found, *_row_notes(record)]


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
