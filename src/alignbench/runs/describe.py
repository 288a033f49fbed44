"""The record of a finished cell: numbers, items, pictures and provenance in one JSON file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alignbench.data.people import Panel
from alignbench.data.published import exposure
from alignbench.evaluation.board import rows, scored
from alignbench.evaluation.items import ITEMS, Scored, to_table
from alignbench.evaluation.score import score_items
from alignbench.evaluation.statistics import paired
from alignbench.evaluation.survey import distributions
from alignbench.report.record import Cell as CellFacts
from alignbench.report.record import CellRecord, DamageRecord, ItemRecord, PoolRecord, Sample, Source
from alignbench.runs.answered import Answered, Elsewhere, frame_of
from alignbench.runs.cell import Cell
from alignbench.runs.reading import reading
from alignbench.runs.recipe import GROUPS, used
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, Split

# Groups whose choice is part of a recipe.
_SLOTS = ("judge", "embedder", "backend", "author", "generator", "generator@critic")


def describe(
    cell: Cell, answered: Sequence[Answered], elsewhere: Sequence[Elsewhere], samples: Stage | None, folder: Path
) -> CellRecord:
    """Score everything on the items that the culture was asked, and gather what a reader needs beside it.

    Args:
        folder: where pictures go, and ``items.parquet``: every row's score of every item.
    """
    survey, iso3 = cell.surveys[cell.benchmark.split], cell.culture.iso3
    entries = [a.entry(survey, iso3, cell.benchmark) for a in answered]
    control = cell.control.iso3 if cell.control else None
    board = scored(entries, survey, iso3, cell.benchmark, _panel(cell), control)
    to_table(board).to_parquet(folder / ITEMS, index=False)
    found = rows(board, cell.benchmark.resampling)
    own = next((a.model for a in answered if a.kind == "method"), answered[0].model)
    return CellRecord(
        cell=cell_facts(cell, own),
        title=f"{cell.choices['method']} for {cell.culture.country} on {cell.model.name}",
        score_name=_score_name(cell),
        rows=tuple(found),
        warning=cell.survey.warning,
        notes=tuple(dict.fromkeys(n for n in (cell.culture.note, *(n for a in answered for n in a.model.notes)) if n)),
        items=_items(cell, board),
        calibration=_calibration(cell, own),
        history=_history(own),
        pool=_pool(cell, own, folder),
        samples=_sample_rows(cell, own, samples),
        elsewhere=tuple(_damage(cell, e) for e in elsewhere),
        provenance=_provenance(cell, answered),
        exposure=exposure(cell.survey, survey.asked(iso3)),
        reading=reading(cell, found),
    )


def cell_facts(cell: Cell, model: AlignedModel) -> CellFacts:
    """What was run, for any report.

    Args:
        model: what the method made; of choices and changes those are told that had a part in it.
    """
    groups = used(model, cell.embedder)
    return CellFacts(
        method=cell.choices["method"],
        culture=cell.culture.name,
        country=cell.culture.country,
        model=cell.model.name,
        seed=cell.seed,
        survey=f"{cell.survey.title} ({cell.survey.year})",
        split=cell.benchmark.split.name,
        training=cell.choices.get("training"),
        labels=_labels(cell),
        changed={knob: value for knob, value in cell.changed.items() if knob.partition(".")[0] in groups},
        choices={g: cell.choices[at] for g, at in GROUPS.items() if g in groups - {"method"} and at in cell.choices},
    )


def _panel(cell: Cell) -> Panel | None:
    """The country's respondents, unless its shares come from elsewhere."""
    return None if cell.culture.shares else cell.source.panel(cell.culture.iso3)


def _damage(cell: Cell, elsewhere: Elsewhere) -> DamageRecord:
    """Scores of both models against the other culture's own shares, paired by item."""
    survey, iso3 = cell.surveys[cell.benchmark.split], elsewhere.culture.iso3
    before, after = (
        score_items(distributions(frame_of(stage), survey.items), None, survey, iso3, cell.benchmark)
        for stage in (elsewhere.before, elsewhere.after)
    )
    change = paired(after["js"], before["js"], before["battery"].tolist(), cell.benchmark.resampling).within(-1.0, 1.0)
    return DamageRecord(
        elsewhere.culture.country, before["js"].mean(), after["js"].mean(), change.value, change.low, change.high
    )


def _labels(cell: Cell) -> dict[str, str]:
    """Every knob of the method, and who judges and writes, so that each table names its recipe."""
    knobs = {k: str(v) for k, v in cell.method.parts.items() if k != "class"}
    return {**knobs, **{k: v for k in _SLOTS if (v := cell.choices.get(k))}}


def _score_name(cell: Cell) -> str:
    base = "e" if cell.benchmark.js_base.name == "e" else "2"
    kind = "distance" if cell.benchmark.js_sqrt else "divergence"
    return f"1 - Jensen-Shannon {kind} (base {base})"


def _items(cell: Cell, board: Sequence[Scored]) -> tuple[ItemRecord, ...]:
    survey, iso3 = cell.surveys[cell.benchmark.split], cell.culture.iso3
    shown = [entry for entry in board if entry.kind != "reference"]
    models = {entry.label: entry.column("distribution") for entry in shown}
    scores = {entry.label: entry.column("js") for entry in shown}
    return tuple(
        ItemRecord(
            id=item.id,
            battery=item.battery,
            question=item.question,
            options=item.options,
            survey=survey.of(iso3)[item.id].shares,
            models={label: tuple(shares[item.id]) for label, shares in models.items()},
            scores={label: values[item.id] for label, values in scores.items()},
            scale=item.scale.name,
        )
        for item in survey.asked(iso3)
    )


def _stage_folder(cell: Cell, model: AlignedModel, stage: str) -> Path | None:
    key = model.provenance.get(stage)
    return cell.store.root / stage / key if key else None


def _calibration(cell: Cell, model: AlignedModel) -> Mapping[str, Any] | None:
    folder = _stage_folder(cell, model, "calibrate")
    if folder is None:
        return None
    facts = Stage("calibrate", folder.name, folder).facts
    return {**facts, "judge": facts["judge"]["class"]}


def _history(model: AlignedModel) -> tuple[Mapping[str, float | None], ...] | None:
    file = model.adapter / "history.json" if model.adapter else model.base.path.parent / "history.json"
    return tuple(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def _pool(cell: Cell, model: AlignedModel, folder: Path) -> PoolRecord | None:
    source = _stage_folder(cell, model, "norms")
    if source is None:
        return None
    from alignbench.norms.pool import NormPool

    shutil.copy(source / "pool.png", folder / "pool.png")
    rows = NormPool.load(source).table().to_dict("records")
    return PoolRecord("pool.png", tuple({str(k): v for k, v in row.items()} for row in rows))


def _sample_rows(cell: Cell, model: AlignedModel, samples: Stage | None) -> tuple[Sample, ...]:
    if samples is None:
        return ()
    survey = cell.surveys[Split.test]
    rows = json.loads((samples.path / "samples.json").read_text(encoding="utf-8"))
    found = []
    for row in rows:
        item = survey.item(row["item"])
        shares = survey.of(cell.culture.iso3)[item.id].shares
        norm = item.statement(item.level(int(np.argmax(shares))), f"People in {cell.culture.country}")
        found.append(Sample(item.question, norm, row["before"], row["after"]))
    return tuple(found)


def _provenance(cell: Cell, answered: Sequence[Answered]) -> tuple[Source, ...]:
    survey, model = cell.survey, cell.model
    inputs = [
        Source("survey", survey.title, survey.year, survey.licence, survey.citation, survey.fingerprint),
        Source("model", model.name, model.dtype, model.licence, None, model.fingerprint),
        Source("embedder", cell.choices.get("embedder", ""), key=cell.embedder.fingerprint),
    ]
    stages = [
        Source(f"{stage} of {a.label}", stage, key=str(key))
        for a in answered
        for stage, key in a.model.provenance.items()
    ]
    return (*inputs, *stages, *(Source(f"responses of {a.label}", "respond", key=a.responses.key) for a in answered))
