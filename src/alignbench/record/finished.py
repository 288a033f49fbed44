"""Many cells at once, straight from the store: what is finished, and what of it may be shown and pooled together.

Of several records of one cell the newest leads, and what only an older one measured is added to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from alignbench.evaluation.board import Row
from alignbench.evaluation.items import ACROSS, ITEMS, BoardEntry, label_of, load, pool_seeds
from alignbench.evaluation.statistics import Bootstrap
from alignbench.files import leave_out, read_object
from alignbench.identity import canonical
from alignbench.record.cell import ONE_FORM, CellRecord
from alignbench.record.stored import Manifest, records
from alignbench.store.stage import Artifact
from alignbench.types import check


class ModelKind(Enum):
    """Where a model's knowledge of people comes from."""

    real = "models"  # texts that people wrote, as far as we know
    planted = "models of the planted world"  # a generated corpus
    blank = "blank models"  # nowhere: random weights


# What ``model.path`` is where the model is none of the real ones.
_PATHS = {"builtin:nano": ModelKind.planted, "builtin:blank": ModelKind.blank}
# The class that ``survey`` names where no person was asked.
_GENERATED = "PlantedWorld"


@dataclass(frozen=True)
class World:
    """Survey, warning and kind of model; figures of two worlds are never counted, coloured or pooled together."""

    survey: str
    warning: str | None
    generated: bool
    kind: ModelKind

    @classmethod
    def of(cls, record: CellRecord, knobs: Mapping[str, Any]) -> World:
        """The world of a cell.

        Args:
            knobs: every resolved knob of the run, by group; without them a cell counts as one of a real model.
        """
        generated = str(knobs.get("survey", {}).get("_target_", "")).endswith(f".{_GENERATED}")
        kind = _PATHS.get(knobs.get("model", {}).get("path", ""), ModelKind.real)
        return cls(record.cell.survey, record.warning, generated, kind)

    @property
    def order(self) -> tuple[bool, bool, bool, str, str]:
        """Sorts real models on real surveys first, the planted world and blank models last."""
        blank, planted = self.kind is ModelKind.blank, self.kind is ModelKind.planted
        return blank, self.generated or planted, self.warning is not None, self.survey, self.kind.name

    @property
    def name(self) -> str:
        """For columns: the survey, and the kind of models where it is not real."""
        return self.survey if self.kind is ModelKind.real else f"{self.survey}, {self.kind.value}"

    @property
    def title(self) -> str:
        """For headings: what the figures can be about."""
        if self.kind is ModelKind.blank:
            return "Blank models: random weights, says nothing about any model"
        if self.generated:
            return "Planted world: generated, says nothing about people"
        if self.kind is ModelKind.planted:
            return "Models of the planted world: their answers say nothing about people"
        return self.survey


# Knobs of the scoring that leave what is measured alone: the same answers may be scored again with others.
OF_INTERVALS = ("formats", "bootstrap", "bootstrap_seed", "confidence", "ceiling_n")
# Those that say in which form an answer is taken, and nothing else.
OF_ELICITING = ("elicit", "divide_prior", "samples", "sample_seed", "tolerance", "reply_tokens")


@dataclass(frozen=True)
class FinishedCell:
    """A finished cell.

    Attributes:
        stage: folder of the newest score stage that holds it.
        record: what that stage holds, with what only ``older`` stages hold.
        older: stages of the same answers that were scored before, the newest first.
    """

    stage: Path
    record: CellRecord
    manifest: Manifest
    older: tuple[Path, ...] = ()

    @property
    def own(self) -> str | None:
        """Label of the row that this cell was run for; None where it was the base model itself."""
        rows = (row.label for row in self.record.rows if row.kind == "method")
        return next((label for label in rows if label == self.record.cell.method), None)

    @property
    def scored(self) -> list[BoardEntry]:
        """Every row of its board, item by item; :func:`with_items` says whether they can be read."""
        return _scored((self.stage, *self.older))

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """How it was asked for; see :func:`config_of`."""
        return config_of(self.stage)

    @property
    def knobs(self) -> Mapping[str, Any]:
        """Every resolved knob, by group; empty where the run left none."""
        return self.config.get("knobs") or {}

    @property
    def baselines(self) -> list[BoardEntry]:
        """Methods on its board that are not its own."""
        return [s for s in self.scored if s.kind == "method" and s.label != self.own]

    @cached_property
    def world(self) -> World:
        """What it may be shown with."""
        return World.of(self.record, self.knobs)

    @property
    def asked(self) -> dict[str, Any]:
        """The scoring's knobs that decide what is measured."""
        return {k: v for k, v in _scoring(self).items() if k not in OF_INTERVALS}


def config_of(stage: Path) -> dict[str, Any]:
    """``experiment``, ``choices`` and ``knobs`` of the run that scored the cell; empty where it left none."""
    file = stage / "config.json"
    return (read_object(file) or {}) if file.is_file() else {}


@cache
def _scored(stages: tuple[Path, ...]) -> list[BoardEntry]:
    return entries([board for stage in stages if (board := _loaded(stage)) is not None])


@cache
def _loaded(stage: Path) -> list[BoardEntry] | None:
    try:
        return load(stage)
    except Exception as error:  # whatever Arrow makes of a damaged file
        leave_out(stage / ITEMS, error)
        return None


def finished(store: Path) -> list[FinishedCell]:
    """Every finished cell of a store, the oldest first; how many are of an earlier version, and left out, is said.

    The same answers may have been scored several times, by a newer version, with other intervals, with or without a
    control: these are one cell. The newest score leads, and what an older one alone holds is added. A stage that can
    not be read is left out after one line; those of an earlier version are counted in one.

    Raises:
        AlignbenchError: the store holds none.
    """
    cells = _cells(store)
    check(bool(cells), "store", str(store), "it holds no finished cell of this version; run one first (task=run)")
    same: dict[str, list[FinishedCell]] = {}
    for cell in cells:
        key = _measured(cell)
        same[key] = [*same.pop(key, []), cell]
    return [_joined(*runs) for runs in same.values()]


def whole(stage: Path) -> CellRecord:
    """The record of a score stage, with what other scores of the same answers alone hold."""
    facts = _facts(Artifact(stage).manifest)
    cells = _cells(stage.parents[1], lambda manifest: _facts(manifest) == facts)
    own = next(cell for cell in cells if cell.stage == stage)
    others = (cell for cell in cells if cell is not own and _measured(cell) == _measured(own))
    return _joined(*others, own).record


def _cells(store: Path, wanted: Callable[[Manifest], bool] | None = None) -> list[FinishedCell]:
    found = records(store, "score", CellRecord, wanted)
    return [FinishedCell(folder, record, manifest) for folder, manifest, record in found]


def _facts(manifest: Manifest) -> str | None:
    """What two scores of the same answers share, as far as a manifest says; None for an earlier version's."""
    setting = manifest.get("inputs", {}).get("setting")
    if setting is None:
        return None
    return canonical([setting["choices"].get("method"), setting["culture"], setting["model"], setting["seed"]])


def _measured(cell: FinishedCell) -> str:
    """What stays the same when a cell is scored again: who answered for whom, the answers, and how they scored."""
    facts, record = cell.record.cell, cell.record
    answers = [(row.key.partition("-")[0], row.score) for row in (record.base, record.headline) if row]
    who = (facts.method, facts.culture, facts.country, facts.model, facts.seed, facts.survey)
    return canonical([who, answers, cell.asked])


def _joined(*runs: FinishedCell) -> FinishedCell:
    """One cell of several scores of it, the oldest first."""
    *older, newest = runs
    record, used = newest.record, []
    for run in reversed(older):
        fuller = with_older(record, run.record)
        if fuller != record:
            record = fuller
            used.append(run.stage)
    return replace(newest, record=record, older=tuple(used))


def with_items(cells: Iterable[FinishedCell]) -> list[FinishedCell]:
    """Those whose scores by item can be read; the others are left out after one line each."""
    return [cell for cell in cells if _loaded(cell.stage) is not None]


def pages(cells: Sequence[FinishedCell]) -> dict[Path, str]:
    """Stage folder -> name of the page's folder: the newest cell of a name keeps it, older ones carry their key."""
    newest = {cell.record.cell.page: cell.stage for cell in cells}
    return {
        cell.stage: name if newest[name] == cell.stage else f"{name}-{cell.stage.name[:6]}"
        for cell in cells
        for name in [cell.record.cell.page]
    }


def by_seed(named: Iterable[tuple[str, FinishedCell]]) -> dict[str, list[FinishedCell]]:
    """Name -> its cells by seed; of two with the same name and seed the later counts."""
    found: dict[str, dict[int, FinishedCell]] = {}
    for name, cell in named:
        found.setdefault(name, {})[cell.record.cell.seed] = cell
    return {name: [seeds[seed] for seed in sorted(seeds)] for name, seeds in found.items()}


def pooled(named: Mapping[str, Iterable[FinishedCell]], baselines: Mapping[str, str] | None = None) -> list[BoardEntry]:
    """What stands on one board of all methods of one culture, item by item, the seeds of each together.

    Args:
        named: what a method is called -> its cells, one a seed; all of one culture, model and split.
        baselines: key of a baseline's answers -> what it is called, where that is not its label.
    """
    cells = [(name, cell) for name, found in named.items() for cell in found]
    called = {e.key: name for name, cell in cells for e in cell.scored if (e.kind, e.label) == ("method", cell.own)}
    boards: dict[int, dict[str, BoardEntry]] = {}
    for name, cell in sorted(cells, key=lambda pair: pair[1].manifest["finished"]):
        # A baseline that stands here as a method, too, is one row.
        known = {**(baselines or {}), **called}
        names = {e.label: known[e.key] for e in cell.scored if e.kind == "method" and e.key in known}
        names |= {} if cell.own is None else {cell.own: name}
        seed = boards.setdefault(cell.record.cell.seed, {})
        seed.update({entry.label: entry for entry in _renamed(cell.scored, names)})
    return pool_seeds({seed: list(board.values()) for seed, board in boards.items()})


def resampling(cell: FinishedCell) -> Bootstrap:
    """How the intervals of a cell were made."""
    asked = _scoring(cell)
    return Bootstrap(asked["bootstrap"], asked["bootstrap_seed"], asked["confidence"])


def _scoring(cell: FinishedCell) -> Mapping[str, Any]:
    knobs: Mapping[str, Any] = cell.manifest["inputs"]["setting"]["scoring"]
    return knobs


def _renamed(board: Iterable[BoardEntry], names: Mapping[str, str]) -> list[BoardEntry]:
    """The entries with methods, and the rows that serve them, under other names."""
    found = []
    for entry in board:
        if entry.method and entry.method in names:
            own = names[entry.method]
            entry = replace(entry, label=label_of(entry.kind, own, entry.country), method=own)
        found.append(entry)
    return found


def damage(cells: Iterable[CellRecord]) -> float | None:
    """Mean change of the score under other countries' prompts, over countries and seeds; None where none was asked."""
    changes = [other.difference for record in cells for other in record.elsewhere]
    return fmean(changes) if changes else None


def with_older(record: CellRecord, older: CellRecord) -> CellRecord:
    """``record`` with the other countries, samples, notes and rows that ``older`` alone holds.

    Both must be of the same answers of base and method, scored in the same way. A row brings its shares, its sources
    and the sentences on how to read it; its p-value and that of its neighbours stay those of the board they came from.
    A row that both hold takes from ``older`` its specificity and formats, where these were asked for only then.
    """
    before = {row.label: row for row in older.rows}
    rows = [row for row in older.rows if row.label not in {known.label for known in record.rows}]
    formats = any(row.formats for row in older.rows) and not any(row.formats for row in record.rows)
    sentences = [sentence for sentence in record.reading if not (formats and sentence == ONE_FORM)]
    known = {other.name for other in record.elsewhere}
    also = {item.id: item for item in older.items}
    items = (
        replace(i, models={**also[i.id].models, **i.models}, scores={**also[i.id].scores, **i.scores})
        if i.id in also
        else i
        for i in record.items
    )
    return replace(
        record,
        rows=(*(_completed(row, before.get(row.label)) for row in record.rows), *rows),
        notes=tuple(dict.fromkeys((*record.notes, *older.notes))),
        items=tuple(items),
        samples=record.samples or older.samples,
        elsewhere=(*record.elsewhere, *(other for other in older.elsewhere if other.name not in known)),
        provenance=(*record.provenance, *(s for s in older.provenance if s not in record.provenance)),
        reading=tuple(dict.fromkeys((*sentences, *older.reading))) if rows or formats else record.reading,
    )


def entries(boards: Iterable[Sequence[BoardEntry]]) -> list[BoardEntry]:
    """What stands on the boards of one cell, the newest first: of entries with one label the newest, references last.

    Formats, and scores on a control's survey, that only an older board holds of the same answers are added.
    """
    found: dict[str, BoardEntry] = {}
    for board in boards:
        for entry in board:
            newer = found.setdefault(entry.label, entry)
            if newer is not entry and newer.key == entry.key:
                found[entry.label] = _with_scores(newer, entry)
    return sorted(found.values(), key=lambda entry: entry.kind == "reference")


def _completed(row: Row, older: Row | None) -> Row:
    if older is None or older.key != row.key:
        return row
    names = [name for name in vars(row) if name.startswith("specificity")] if row.specificity is None else []
    names += [] if row.formats else ["formats", "format_spread", "separable"]
    return replace(row, **{name: getattr(older, name) for name in names})


def _with_scores(newer: BoardEntry, older: BoardEntry) -> BoardEntry:
    (frame,), (before,) = newer.frames, older.frames
    if ACROSS in before and frame[ACROSS].isna().all():
        frame = frame.assign(**{ACROSS: frame["item"].map(older.column(ACROSS))})
    return replace(newer, frames=[frame], formats=newer.formats or older.formats)
