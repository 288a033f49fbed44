"""The board: every entry on the same items of one country, with intervals, tests and sanity rows."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

import pandas as pd

from alignbench.data.people import RespondentPanel
from alignbench.data.survey import Survey
from alignbench.evaluation.catalogue import METRICS, of_items
from alignbench.evaluation.interaction import Interaction, interaction
from alignbench.evaluation.items import ACROSS, BoardEntry, Kind, seeds_of
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.score import ceiling, majority, others_mean, score_items, split_half, uniform
from alignbench.evaluation.statistics import (
    Bootstrap,
    Difference,
    Interval,
    holm,
    interval,
    paired,
    seed_spread,
    skill,
)
from alignbench.evaluation.survey import Scoring, Written
from alignbench.missing import known
from alignbench.types import check

# Labels of the sanity rows.
UNIFORM = "uniform answers"
MAJORITY = "majority answer only"
OTHERS = "mean of other countries"
CEILING = "fresh sample of respondents"
HALVES = "half of the respondents"


# A value and its bounds.
Figures: TypeAlias = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Row:
    """A line of the board; None where a number does not exist.

    Attributes:
        kind: see :class:`~alignbench.evaluation.items.BoardEntry`.
        method: label of the method's row that this one serves, its own for a method; None for base and references.
        score: mean js similarity over items, ``low`` and ``high`` its interval over batteries (and seeds, if several).
        skill: (score - uniform) / (ceiling - uniform).
        against: label of what ``difference`` is measured from: of a method with a prompted row that row, of a control
            its method, of all other rows the base.
        difference: score minus that of ``against``, paired by item and seed; in a control row *own minus cross*, the
            method's score minus the control's.
        p_value: two-sided, of a method's ``difference``, Holm-corrected over the methods of this board.
        p_raw: the same of methods and controls, uncorrected.
        plain: score minus the unprompted base's, with its interval, for methods that have a prompted row: what prompt
            and training bring together.
        specificity: the interaction of model and survey (:mod:`alignbench.evaluation.interaction`) of a method with a
            control; where there are prompted rows, less theirs. ``_p`` is Holm-corrected over the methods of this
            board, apart from the differences; ``_detectable`` its minimum detectable effect; ``_items`` how many items
            both countries were asked.
        option_mass: probability of the options' first tokens: below about .5 the score is about format.
        unread: share of the replies that could not be read; None where probabilities were looked up.
        draw_bias: what ``score`` was corrected by for the number of draws; None where answers were not drawn.
        draw_error: standard error of ``score`` from the draws alone, a part of what its interval covers.
        entropy_model, entropy_survey: over ln K; a model far below the survey has collapsed to the mode.
        seed_spread: standard deviation of the seeds' scores.
        note: a warning that must be shown with the row.
        detectable: minimum detectable effect of ``difference`` (power .8), in units of the score.
        formats: score by format, means over the seeds; see :mod:`alignbench.evaluation.items`.
        format_spread: half their range; None where only one format was asked.
        separable: whether ``difference`` is at least as large as the larger format spread of the two rows it
            compares; None where one of the three is missing.
        means: the metrics that are means over items, by their names in :mod:`alignbench.evaluation.catalogue`.
    """

    label: str
    kind: Kind
    method: str | None
    score: float
    low: float | None
    high: float | None
    skill: float | None
    skill_low: float | None
    skill_high: float | None
    against: str | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    p_value: float | None
    p_raw: float | None
    items: int
    batteries: int
    option_mass: float | None
    entropy_model: float
    entropy_survey: float
    seeds: int
    seed_spread: float | None
    key: str
    note: str = ""
    detectable: float | None = None
    plain: float | None = None
    plain_low: float | None = None
    plain_high: float | None = None
    specificity: float | None = None
    specificity_low: float | None = None
    specificity_high: float | None = None
    specificity_p: float | None = None
    specificity_p_raw: float | None = None
    specificity_detectable: float | None = None
    specificity_items: int | None = None
    formats: Mapping[str, float] = field(default_factory=dict)
    format_spread: float | None = None
    separable: bool | None = None
    means: Mapping[str, float | None] = field(default_factory=dict)
    unread: float | None = None
    draw_bias: float | None = None
    draw_error: float | None = None

    def figure(self, name: str) -> Figures:
        """A metric of this row and its bounds; None for what it does not have."""
        prefix = "" if name == "score" else f"{name}_"
        value = self.means[name] if name in self.means else getattr(self, name, None)
        return value, getattr(self, f"{prefix}low", None), getattr(self, f"{prefix}high", None)


def scored(
    entries: Sequence[BoardEntry], survey: Survey, iso3: str, knobs: Scoring, panel: RespondentPanel | None = None
) -> list[BoardEntry]:
    """The entries in the order given, then the sanity rows; all on the items that the country was asked.

    Two references may hold fewer (``Row.items``): the mean of the other countries, which is left out if it holds none,
    and the half of the respondents.

    Args:
        panel: the country's respondents; with them comes the row of their two halves.

    Raises:
        AlignbenchError: labels that repeat, more than one base, or a row whose method is not here.
    """
    _check(entries)
    found = {
        UNIFORM: score_items(uniform(survey, iso3), None, survey, iso3, knobs),
        MAJORITY: score_items(majority(survey, iso3), None, survey, iso3, knobs),
    }
    if others := others_mean(survey, iso3):
        shared = replace(survey, items=tuple(item for item in survey.items if item.id in others))
        found[OTHERS] = score_items(others, None, shared, iso3, knobs)
    found[CEILING] = ceiling(survey, iso3, knobs)
    if panel:
        found[HALVES] = split_half(panel, survey, iso3, knobs)
    return [*entries, *(BoardEntry(label, "reference", [frame]) for label, frame in found.items())]


def scored_twice(
    dist: Mapping[str, Array],
    mass: Mapping[str, float] | None,
    survey: Survey,
    iso3: str,
    control: str | None,
    knobs: Scoring,
    replies: Mapping[str, Written] | None = None,
) -> pd.DataFrame:
    """:func:`~alignbench.evaluation.score.score_items` of a model's answers, with the column :data:`ACROSS`.

    Args:
        control: iso3 of the control's country, on whose survey they are scored, too; NaN for items that it was not
            asked, or without one.
    """
    frame = score_items(dist, mass, survey, iso3, knobs, replies)
    shared = tuple(item for item in survey.asked(iso3) if control is not None and item.id in survey.of(control))
    if control is None or not shared:
        return frame.assign(**{ACROSS: math.nan})
    there = score_items(dist, None, replace(survey, items=shared), control, knobs, replies)
    across = dict(zip(there["item"], there["js"], strict=True))
    return frame.assign(**{ACROSS: frame["item"].map(across).astype(float)})


def rows(board: Sequence[BoardEntry], bootstrap: Bootstrap) -> list[Row]:
    """Figures, intervals and tests of all that stands on one board, :data:`UNIFORM` and :data:`CEILING` included.

    The p-values of the methods' differences are corrected together, and so are those of their specificity.
    """
    by_label = {entry.label: entry for entry in board}
    found = [_row(entry, by_label, bootstrap) for entry in board]
    differences = corrected([row.p_raw if row.kind == "method" else None for row in found])
    specificities = corrected([row.specificity_p_raw for row in found])
    return [
        replace(row, p_value=p, specificity_p=specific)
        for row, p, specific in zip(found, differences, specificities, strict=True)
    ]


def flat(row: Row) -> dict[str, Any]:
    """The fields of a row for tables that hold texts and numbers alone: ``formats`` as JSON, the means each by name."""
    fields = asdict(row) | {"formats": json.dumps(dict(row.formats))}
    del fields["means"]
    return {**fields, **{name: row.means.get(name) for name in of_items()}}


def _check(entries: Sequence[BoardEntry]) -> None:
    labels = [entry.label for entry in entries]
    bases = [entry.label for entry in entries if entry.kind == "base"]
    methods = [entry.label for entry in entries if entry.kind == "method"]
    check(len(labels) == len(set(labels)), "board", labels, "give every entry its own label")
    check(len(bases) <= 1, "board", bases, "only one entry can be the base of the differences")
    for entry in entries:
        serves = [None] if entry.kind in ("base", "reference") else [entry.label] if entry.label in methods else methods
        check(entry.method in serves, "board", entry.method, f"{entry.label} must name the method that it serves")


def _serving(
    scored: BoardEntry, by_label: Mapping[str, BoardEntry], kind: Kind, country: str | None = None
) -> BoardEntry | None:
    """The first row of a kind that serves the method ``scored``."""
    rows = (s for s in by_label.values() if s.kind == kind and s.method == scored.label)
    return next((row for row in rows if country in (None, row.country)), None)


def compared_with(scored: BoardEntry, by_label: Mapping[str, BoardEntry]) -> BoardEntry | None:
    """What ``scored`` is compared with (``Row.against``); None for the base itself, or where there is none."""
    base = next((s for s in by_label.values() if s.kind == "base"), None)
    if scored.kind == "control":
        return by_label[str(scored.method)]
    return None if scored is base else _serving(scored, by_label, "prompted") or base


def minus(scored: BoardEntry, other: BoardEntry | None, bootstrap: Bootstrap) -> Difference | None:
    """Score minus the other's by item and seed, on the items of ``scored``; None where they share no seed."""
    seeds = None if other is None else seeds_of((scored, other))
    if other is None or seeds is None:
        return None
    items = scored.items
    change = paired(scored.js(items, seeds), other.js(items, seeds), scored.batteries, bootstrap)
    return change.within(*METRICS["difference"].ends)


def _specificity(scored: BoardEntry, by_label: Mapping[str, BoardEntry], bootstrap: Bootstrap) -> Interaction | None:
    """The interaction of a method and its control with both surveys, less that of the rows given the same prompt."""
    control = _serving(scored, by_label, "control")
    if control is None:
        return None
    prompted = _serving(scored, by_label, "prompted"), _serving(scored, by_label, "prompted_control", control.country)
    models = {"own": (scored, prompted[0]), "control": (control, prompted[1])}
    seeds = seeds_of(entry for pair in models.values() for entry in pair if entry is not None)
    across = scored.column(ACROSS)
    items = [item for item in scored.items if not math.isnan(across[item])]
    if seeds is None or not items:
        return None

    def net(model: BoardEntry, prompted: BoardEntry | None, column: str) -> dict[str, Array]:
        score = model.js(items, seeds, column) - (0.0 if prompted is None else prompted.js(items, seeds, column))
        return dict(zip(items, score.T, strict=True))

    surveys = {"own": "js", "control": ACROSS}
    scores = {m: {s: net(*pair, column) for s, column in surveys.items()} for m, pair in models.items()}
    return interaction(scores, scored.column("battery"), bootstrap)


def _row(scored: BoardEntry, by_label: Mapping[str, BoardEntry], bootstrap: Bootstrap) -> Row:
    items, batteries = scored.items, scored.batteries
    js = scored.js(items)
    score = interval(js, batteries, bootstrap).within(*METRICS["score"].ends)
    floor, top = (by_label[label].js(items) for label in (UNIFORM, CEILING))
    gain = skill(js, floor, top, batteries, bootstrap)
    other = compared_with(scored, by_label)
    turned = other is not None and scored.kind == "control"
    change = minus(other, scored, bootstrap) if other and turned else minus(scored, other, bootstrap)
    prompted = other is not None and other.kind == "prompted"
    base = next((s for s in by_label.values() if s.kind == "base"), None)
    plain = minus(scored, base, bootstrap) if prompted else None
    specific = _specificity(scored, by_label, bootstrap) if scored.kind == "method" else None
    return Row(
        label=scored.label,
        kind=scored.kind,
        method=scored.method,
        score=score.value,
        low=known(score.low),
        high=known(score.high),
        skill=known(gain.value),
        skill_low=known(gain.low),
        skill_high=known(gain.high),
        against=other.label if other else None,
        **_bounded("difference", change),
        **_bounded("plain", plain),
        **_bounded("specificity", specific),
        p_value=None,
        p_raw=known(change.p_value) if change and scored.kind in ("method", "control") else None,
        items=len(items),
        batteries=score.batteries,
        option_mass=known(scored.mean("mass")),
        entropy_model=scored.mean("entropy_model"),
        entropy_survey=scored.mean("entropy_survey"),
        seeds=len(scored.frames),
        seed_spread=known(seed_spread(js)),
        key=scored.key,
        note=_notes(score, difference=change, specificity=specific),
        detectable=known(change.detectable) if change else None,
        specificity_p_raw=known(specific.p_value) if specific else None,
        specificity_detectable=known(specific.detectable) if specific else None,
        specificity_items=specific.items if specific else None,
        formats=dict(scored.formats),
        format_spread=known(scored.format_spread),
        separable=_separable(change, scored, other) if change and other else None,
        means={name: known(scored.mean(name)) for name in of_items()},
        unread=known(scored.mean("unread")),
        draw_bias=known(scored.mean("draw_bias")),
        draw_error=known(scored.draw_error),
    )


def _notes(score: Interval, **others: Difference | None) -> str:
    """Warnings of the score's interval, and those that another figure's alone has."""
    further = [
        f"{name}: {found.note}" for name, found in others.items() if found and found.note not in ("", score.note)
    ]
    return "; ".join(filter(None, [score.note, *further]))


def _bounded(name: str, found: Difference | None) -> dict[str, float | None]:
    """A figure and its bounds under the names of a row's fields."""
    values = (found.value, found.low, found.high) if found else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), map(known, values), strict=True))


def _separable(change: Difference, *pair: BoardEntry) -> bool | None:
    """Whether the difference is no smaller than the larger format spread of the pair."""
    spreads = [scored.format_spread for scored in pair]
    there = not any(map(math.isnan, (change.value, *spreads)))
    return abs(change.value) >= max(spreads) if there else None


def corrected(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction over the p-values that are there."""
    corrected = iter(holm([p for p in p_values if p is not None]))
    return [None if p is None else next(corrected) for p in p_values]
