"""The board: every entry on the same items of one country, with intervals, tests and sanity rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from alignbench.data.survey import Survey
from alignbench.evaluation.items import Kind, Scored
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.score import ceiling, majority, others_mean, score_items, uniform
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
    """

    label: str
    kind: Kind
    distributions: Sequence[Mapping[str, Array]]
    key: str
    masses: Sequence[Mapping[str, float]] = ()
    base: bool = False
    own: str | None = None


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


def board(entries: Sequence[Entry], survey: Survey, iso3: str, knobs: SurveyBenchmark) -> list[Row]:
    """:func:`rows` of :func:`scored`."""
    return rows(scored(entries, survey, iso3, knobs), knobs.resampling)


def scored(entries: Sequence[Entry], survey: Survey, iso3: str, knobs: SurveyBenchmark) -> list[Scored]:
    """The entries in the order given, then the sanity rows; all on the items that the country was asked.

    Only the mean of the other countries may hold fewer: the items that another country answered (``Row.items``);
    it is left out if there are none.

    Raises:
        AlignbenchError: labels that repeat, more than one base, a control whose method is not here, an entry
            without seeds, or one that lacks an item.
    """
    _check(entries)
    floor = Scored(UNIFORM, "reference", [score_items(uniform(survey, iso3), None, survey, iso3, knobs)])
    top = Scored(CEILING, "reference", [ceiling(survey, iso3, knobs)])
    own = [_scored(entry, survey, iso3, knobs) for entry in entries]
    return [*own, floor, *_references(survey, iso3, knobs), top]


def rows(board: Sequence[Scored], bootstrap: Bootstrap) -> list[Row]:
    """Figures, intervals and tests of all that stands on one board, :data:`UNIFORM` and :data:`CEILING` included.

    p-values are corrected over this board's methods and controls.
    """
    by_label = {entry.label: entry for entry in board}
    return _with_holm([_row(entry, by_label, bootstrap) for entry in board])


def rows_to_json(board: Sequence[Row]) -> str:
    """The rows as a JSON list of objects."""
    return json.dumps([asdict(row) for row in board], indent=1, ensure_ascii=False, allow_nan=False)


def rows_from_json(text: str) -> list[Row]:
    """Inverse of :func:`rows_to_json`."""
    return [Row(**row) for row in json.loads(text)]


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
    return Scored(entry.label, entry.kind, frames, entry.key, entry.base, entry.own)


def _references(survey: Survey, iso3: str, knobs: SurveyBenchmark) -> list[Scored]:
    """The majority answer and the other countries' mean."""
    modal = score_items(majority(survey, iso3), None, survey, iso3, knobs)
    others = others_mean(survey, iso3)
    found = [Scored(MAJORITY, "reference", [modal])]
    if others:
        shared = replace(survey, items=tuple(item for item in survey.items if item.id in others))
        found.append(Scored(OTHERS, "reference", [score_items(others, None, shared, iso3, knobs)]))
    return found


def _difference(scored: Scored, by_label: Mapping[str, Scored], bootstrap: Bootstrap) -> Difference | None:
    """Own minus cross for a control, else to the base on the items that ``scored`` has; None for the base itself."""
    items, batteries = scored.items, scored.batteries
    if scored.own is not None:
        return own_minus_cross(by_label[scored.own].js(items), scored.js(items), batteries, bootstrap)
    base = next((s for s in by_label.values() if s.base), None)
    if base is None or base is scored:
        return None
    return paired(scored.js(items), base.js(items), batteries, bootstrap)


def _row(scored: Scored, by_label: Mapping[str, Scored], bootstrap: Bootstrap) -> Row:
    items, batteries = scored.items, scored.batteries
    js = scored.js(items)
    score = interval(js, batteries, bootstrap)
    floor, top = (by_label[label].js(items) for label in (UNIFORM, CEILING))
    gain = skill(js, floor, top, batteries, bootstrap)
    change = _difference(scored, by_label, bootstrap)
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
    )


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
