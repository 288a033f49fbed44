"""The tables of a probe, the same in the terminal and on the page."""

from dataclasses import dataclass

from alignbench.evaluation.pooling import ENOUGH
from alignbench.evaluation.statistics import Difference, Interval
from alignbench.probe.record import ProbeRecord
from alignbench.report.numbers import MISSING, defined, interval, number, p_value, percent, signed

# Figures as small as those of prompts want four digits.
_DIGITS = 4


@dataclass(frozen=True)
class ShownTable:
    """A table in words: texts in the first column, figures in the others.

    Attributes:
        note: what must be known to read it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def tables(record: ProbeRecord) -> tuple[ShownTable, ...]:
    """The tables: answers, forms of taking them, what should not matter, and designs."""
    return _answers(record), _forms(record), _moved(record), _designs(record)


def _answers(record: ProbeRecord) -> ShownTable:
    found = record.direction
    own = (f"{number(value, 2)}" for value in (record.mass, record.mass_told))
    rows = (
        ("Option mass, told nothing", next(own), ""),
        ("Option mass, told a country", next(own), ""),
        ("Reaction to countries, part of people's", *_signless(found.reaction)),
        ("Reaction to names without a meaning", number(record.nonsense, _DIGITS), ""),
        ("Shown of people's differences", *_figure(found.shown)),
        ("Correlation with people's deviations", *_figure(found.correlation)),
        ("Interaction, in units of the score", *_figure(found.interaction)),
        ("p over ways of dealing answers out", p_value(found.luck), ""),
        ("Minimum detectable interaction", number(found.interaction.detectable, _DIGITS), ""),
    )
    right = number(record.people, 3)
    note = (
        f"Told {len(record.countries)} countries. People of two of them differ by a divergence of {right}. That would "
        "be the interaction of a model that answers as each country's people do, whose parts and correlation are 1."
    )
    return ShownTable("What the answers show", ("", "Value", "95 %"), rows, note)


def _forms(record: ProbeRecord) -> ShownTable:
    rows = []
    for form in record.elicits:
        if form.shown is None or form.correlation is None:
            rows.append((form.elicit, "not asked", MISSING, MISSING))
            continue
        shown = form.shown
        part = signed(shown.value, 3), interval(shown.low, shown.high, 3)
        rows.append((form.elicit, percent(form.read), " ".join(part), signed(form.correlation.value, 2)))
    verb = "shows most" if len(record.reads_most) == 1 else "show most, and are not told apart"
    most = f"{' and '.join(record.reads_most)} {verb}" if record.reads_most else "no form shows them clearly"
    reasons: dict[str, list[str]] = {}
    for form in record.elicits:
        reasons.setdefault(form.why, []).append(form.elicit)
    missing = [f"Not asked by {' and '.join(names)}: {why}." for why, names in reasons.items() if why]
    note = f"Told {' and '.join(record.pair)}, whose people differ most: {most}."
    columns = ("scoring.elicit", "Read", "Shown, 95 %", "Correlation")
    return ShownTable("Forms of taking an answer", columns, tuple(rows), " ".join([note, *missing]))


def _moved(record: ProbeRecord) -> ShownTable:
    countries = record.direction.reaction.value * record.people
    rows = [("name of the country", number(countries, _DIGITS), MISSING)]
    rows += [(one.what, *_signless(one.moved)) for one in record.sensitivity]
    largest = max((one.moved.value for one in record.sensitivity), default=float("nan"))
    note = "Mean divergence of the answers (base 2): as two countries, then of the model that is told nothing."
    if defined(largest) and countries > 0:
        note += f" What should not matter moves them up to {number(largest / countries, 1)} times as far as a country."
    return ShownTable("What moves its answers", ("", "Divergence", "95 %"), tuple(rows), note)


def _designs(record: ProbeRecord) -> ShownTable:
    sets = tuple(record.design[0].detectable)
    differ = {"told": "as told", "people": "as people"}
    rows = tuple(
        (
            f"{row.cultures} cultures{_alone(row.cultures)}, {differ[row.differ]}{_seeds(row.seeds)}",
            *(number(row.detectable[name], _DIGITS) for name in sets),
        )
        for row in record.design
    )
    note = (
        "Minimum detectable effect (80 % of the time, at 5 %) of pooled specificity, in units of the score. As told: "
        "prompts whose answers differ as this model's do. As people: trained models that differ as much as peoples do, "
        "in no right direction; a training lies between the two. A pair speaks of itself alone; from five cultures on "
        "their choice is covered, too. How much seeds add is assumed (task.seed_variance). Other sets of questions are "
        "scaled by their batteries; no answer to them is read."
    )
    names = {"probe": "Here", "test": "Test", "all": "All"}
    return ShownTable("What a design would see", ("", *(names[name] for name in sets)), rows, note)


def _alone(cultures: int) -> str:
    """What a small number does not cover."""
    return " (alone)" if cultures < ENOUGH else ""


def _seeds(seeds: int | None) -> str:
    return "" if seeds is None else f", {seeds} seed{'' if seeds == 1 else 's'}"


def _figure(found: Difference) -> tuple[str, str]:
    return signed(found.value, _DIGITS), interval(found.low, found.high, _DIGITS)


def _signless(found: Interval) -> tuple[str, str]:
    return number(found.value, _DIGITS), interval(found.low, found.high, _DIGITS)
