"""The board: every entry on the same items of one country, with intervals, tests and sanity rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from alignbench.data.people import Panel
from alignbench.data.survey import Survey
from alignbench.evaluation.formats import mean_over_seeds
from alignbench.evaluation.items import Kind, Scored
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.score import ceiling, majority, others_mean, score_items, split_half, uniform
from alignbench.evaluation.statistics import (
    Bootstrap,
    Difference,
    holm,
    interval,
    own_minus_cross,
    paired,
    seed_spread,
    skill,
)
from alignbench.evaluation.survey import SurveyBenchmark
from alignbench.types import check

# Labels of the sanity rows.
UNIFORM = "uniform answers"
MAJORITY = "majority answer only"
OTHERS = "mean of other countries"
CEILING = "fresh sample of respondents"
HALVES = "half of the respondents"


@dataclass(frozen=True)
class Entry:
    """Something to put on the board.

    Attributes:
        kind: method, control (the same recipe on another country's figures) or reference (no model).
        distributions: per seed, item id -> shares in the order of ``Item.codes``.
        masses: per seed, item id -> option mass; empty for references.
        key: run key(s), shown with the row.
        base: differences are measured from this entry; at most one.
        own: of a control, the label of the method whose recipe it repeats.
        formats: per seed, :func:`~alignbench.evaluation.formats.format_scores`; empty where they are not known.
    """

    label: str
    kind: Kind
    distributions: Sequence[Mapping[str, Array]]
    key: str
    masses: Sequence[Mapping[str, float]] = ()
    base: bool = False
    own: str | None = None
    formats: Sequence[Mapping[str, float]] = ()


@dataclass(frozen=True)
class Row:
    """A line of the board; None where a number does not exist.

    Attributes:
        score: mean js similarity over items, ``low`` and ``high`` its interval over batteries.
        skill: (score - uniform) / (ceiling - uniform).
        difference: score minus the base's, paired by item; in a control row *own minus cross*, the method's
            score minus the control's.
        p_value: two-sided, of ``difference``, Holm-corrected over the methods and controls of this board.
        p_raw: the same, uncorrected.
        wasserstein: mean similarity over the items with ordered options.
        option_mass: probability of the options' first tokens: below about .5 the score is about format.
        entropy_model, entropy_survey: over ln K; a model far below the survey has collapsed to the mode.
        seed_spread: standard deviation of the seeds' scores, which the interval does not cover.
        note: a warning that must be shown with the row.
        detectable: minimum detectable effect of ``difference`` (power .8), in units of the score.
        formats: score by format, means over the seeds; see :mod:`alignbench.evaluation.formats`.
        format_spread: half their range; None where only one format was asked.
        separable: whether ``difference`` is at least as large as the larger format spread of the two rows it
            compares; None where one of the three is missing.
    """

    label: str
    kind: Kind
    score: float
    low: float | None
    high: float | None
    skill: float | None
    skill_low: float | None
    skill_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    p_value: float | None
    p_raw: float | None
    items: int
    batteries: int
    wasserstein: float | None
    option_mass: float | None
    entropy_model: float
    entropy_survey: float
    seeds: int
    seed_spread: float | None
    key: str
    note: str = ""
    detectable: float | None = None
    formats: Mapping[str, float] = field(default_factory=dict)
    format_spread: float | None = None
    separable: bool | None = None


def board(
    entries: Sequence[Entry], survey: Survey, iso3: str, knobs: SurveyBenchmark, panel: Panel | None = None
) -> list[Row]:
    """:func:`rows` of :func:`scored`."""
    return rows(scored(entries, survey, iso3, knobs, panel), knobs.resampling)


def scored(
    entries: Sequence[Entry], survey: Survey, iso3: str, knobs: SurveyBenchmark, panel: Panel | None = None
) -> list[Scored]:
    """The entries in the order given, then the sanity rows; all on the items that the country was asked.

    Two references may hold fewer (``Row.items``): the mean of the other countries, which is left out if it holds none,
    and the half of the respondents.

    Args:
        panel: the country's respondents; with them comes the row of their two halves.

    Raises:
        AlignbenchError: labels that repeat, more than one base, a control whose method is not here, an entry
            without seeds, or one that lacks an item.
    """
    _check(entries)
    floor = Scored(UNIFORM, "reference", [score_items(uniform(survey, iso3), None, survey, iso3, knobs)])
    top = Scored(CEILING, "reference", [ceiling(survey, iso3, knobs)])
    own = [_scored(entry, survey, iso3, knobs) for entry in entries]
    halves = [Scored(HALVES, "reference", [split_half(panel, survey, iso3, knobs)])] if panel else []
    return [*own, floor, *_references(survey, iso3, knobs), top, *halves]


def rows(board: Sequence[Scored], bootstrap: Bootstrap) -> list[Row]:
    """Figures, intervals and tests of all that stands on one board, :data:`UNIFORM` and :data:`CEILING` included.

    p-values are corrected over this board's methods and controls.
    """
    by_label = {entry.label: entry for entry in board}
    return _with_holm([_row(entry, by_label, bootstrap) for entry in board])


def flat(row: Row) -> dict[str, Any]:
    """The fields of a row for tables that hold texts and numbers alone: ``formats`` as JSON."""
    return {**asdict(row), "formats": json.dumps(dict(row.formats))}


def _check(entries: Sequence[Entry]) -> None:
    labels = [entry.label for entry in entries]
    bases = [entry.label for entry in entries if entry.base]
    check(len(labels) == len(set(labels)), "board", labels, "give every entry a label of its own")
    check(len(bases) <= 1, "board", bases, "only one entry can be the base of the differences")
    for entry in entries:
        seeds, masses = len(entry.distributions), len(entry.masses)
        check(seeds > 0, "board", entry.label, "this entry holds no seed")
        check(masses in (0, seeds), "board", entry.label, f"{seeds} seeds but option masses of {masses}")
        check(entry.own in (None, *labels), "board", entry.own, f"the method that {entry.label} controls is not here")


def _scored(entry: Entry, survey: Survey, iso3: str, knobs: SurveyBenchmark) -> Scored:
    masses: Sequence[Mapping[str, float] | None] = entry.masses or [None] * len(entry.distributions)
    seeds = zip(entry.distributions, masses, strict=True)
    frames = [score_items(dist, mass, survey, iso3, knobs) for dist, mass in seeds]
    formats = mean_over_seeds(entry.formats)
    return Scored(entry.label, entry.kind, frames, entry.key, entry.base, entry.own, formats)


def _references(survey: Survey, iso3: str, knobs: SurveyBenchmark) -> list[Scored]:
    """The majority answer and the other countries' mean."""
    modal = score_items(majority(survey, iso3), None, survey, iso3, knobs)
    others = others_mean(survey, iso3)
    found = [Scored(MAJORITY, "reference", [modal])]
    if others:
        shared = replace(survey, items=tuple(item for item in survey.items if item.id in others))
        found.append(Scored(OTHERS, "reference", [score_items(others, None, shared, iso3, knobs)]))
    return found


def _other(scored: Scored, by_label: Mapping[str, Scored]) -> Scored | None:
    """What ``scored`` is compared with: a control with its method, all else with the base; None for the base itself."""
    if scored.own is not None:
        return by_label[scored.own]
    base = next((s for s in by_label.values() if s.base), None)
    return None if base is scored else base


def _difference(scored: Scored, other: Scored, bootstrap: Bootstrap) -> Difference:
    """Own minus cross for a control, else minus the base; on the items that ``scored`` has."""
    items, batteries = scored.items, scored.batteries
    if scored.own is not None:
        return own_minus_cross(other.js(items), scored.js(items), batteries, bootstrap)
    return paired(scored.js(items), other.js(items), batteries, bootstrap)


def _row(scored: Scored, by_label: Mapping[str, Scored], bootstrap: Bootstrap) -> Row:
    items, batteries = scored.items, scored.batteries
    js = scored.js(items)
    score = interval(js, batteries, bootstrap)
    floor, top = (by_label[label].js(items) for label in (UNIFORM, CEILING))
    gain = skill(js, floor, top, batteries, bootstrap)
    other = _other(scored, by_label)
    change = None if other is None else _difference(scored, other, bootstrap)
    return Row(
        label=scored.label,
        kind=scored.kind,
        score=score.value,
        low=_within(score.low),
        high=_within(score.high),
        skill=_number(gain.value),
        skill_low=_number(gain.low),
        skill_high=_number(gain.high),
        difference=_number(change.value) if change else None,
        difference_low=_number(change.low) if change else None,
        difference_high=_number(change.high) if change else None,
        p_value=None,
        p_raw=_number(change.p_value) if change and scored.kind != "reference" else None,
        items=len(items),
        batteries=score.batteries,
        wasserstein=_number(scored.mean("wasserstein")),
        option_mass=_number(scored.mean("mass")),
        entropy_model=scored.mean("entropy_model"),
        entropy_survey=scored.mean("entropy_survey"),
        seeds=len(scored.frames),
        seed_spread=_number(seed_spread(js)),
        key=scored.key,
        note=score.note,
        detectable=_number(change.detectable) if change else None,
        formats=dict(scored.formats),
        format_spread=_number(scored.format_spread),
        separable=_separable(change, scored, other) if change and other else None,
    )


def _separable(change: Difference, *pair: Scored) -> bool | None:
    """Whether the difference is no smaller than the larger format spread of the pair."""
    spreads = [scored.format_spread for scored in pair]
    known = not any(map(math.isnan, (change.value, *spreads)))
    return abs(change.value) >= max(spreads) if known else None


def _with_holm(board: Sequence[Row]) -> list[Row]:
    """Corrected p-values over the rows that have one."""
    corrected = iter(holm([row.p_raw for row in board if row.p_raw is not None]))
    return [row if row.p_raw is None else replace(row, p_value=next(corrected)) for row in board]


def _within(bound: float) -> float | None:
    """A bound of a score, cut to the range of scores."""
    known = _number(bound)
    return None if known is None else min(max(known, 0.0), 1.0)


def _number(value: float | None) -> float | None:
    """NaN says "there is none" in arrays, None in rows (JSON has no NaN)."""
    return None if value is None or math.isnan(value) else value
