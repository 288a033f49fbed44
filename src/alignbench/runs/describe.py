"""The record of a finished cell: numbers, items, pictures and provenance in one JSON file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alignbench.evaluation.board import rows, scored
from alignbench.evaluation.items import ITEMS, Scored, to_table
from alignbench.evaluation.score import score_items
from alignbench.evaluation.statistics import paired
from alignbench.evaluation.survey import distributions
from alignbench.report.record import Cell as CellFacts
from alignbench.report.record import CellRecord, DamageRecord, ItemRecord, PoolRecord, Sample, Source
from alignbench.runs.answered import Answered, Elsewhere
from alignbench.runs.cell import Cell
from alignbench.runs.recipe import GROUPS
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, Split


def describe(
    cell: Cell, answered: Sequence[Answered], elsewhere: Sequence[Elsewhere], samples: Stage | None, folder: Path
) -> CellRecord:
    """Score everything on the items that the culture was asked, and gather what a reader needs beside it.

    Args:
        folder: where pictures go, and ``items.parquet``: every row's score of every item.
    """
    survey, iso3 = cell.surveys[cell.benchmark.split], cell.culture.iso3
    board = scored([a.entry(survey.items) for a in answered], survey, iso3, cell.benchmark)
    to_table(board).to_parquet(folder / ITEMS, index=False)
    own = answered[min(1, len(answered) - 1)].model
    return CellRecord(
        cell=CellFacts(
            method=cell.choices["method"],
            culture=cell.culture.name,
            country=cell.culture.country,
            model=cell.model.name,
            seed=cell.seed,
            survey=f"{cell.survey.title} ({cell.survey.year})",
            split=cell.benchmark.split.name,
            training=cell.choices.get("training"),
            labels=_labels(cell),
            changed=cell.changed,
            choices={group: cell.choices[group] for group in GROUPS if group in cell.choices},
        ),
        title=f"{cell.choices['method']} for {cell.culture.country} on {cell.model.name}",
        score_name=_score_name(cell),
        rows=tuple(rows(board, cell.benchmark.resampling)),
        warning=cell.survey.warning,
        notes=tuple(dict.fromkeys(n for n in (cell.culture.note, *(n for a in answered for n in a.model.notes)) if n)),
        items=_items(cell, board),
        calibration=_calibration(cell, own),
        history=_history(own),
        pool=_pool(cell, own, folder),
        samples=_sample_rows(cell, own, samples),
        elsewhere=tuple(_damage(cell, e) for e in elsewhere),
        provenance=_provenance(cell, answered),
        reading=_reading(cell),
    )


def _damage(cell: Cell, elsewhere: Elsewhere) -> DamageRecord:
    """Scores of both models against the other culture's own shares, paired by item."""
    survey, iso3 = cell.surveys[cell.benchmark.split], elsewhere.culture.iso3
    before, after = (
        score_items(distributions(a.frame, survey.items), None, survey, iso3, cell.benchmark)
        for a in (elsewhere.before, elsewhere.after)
    )
    change = paired(after["js"], before["js"], before["battery"].tolist(), cell.benchmark.resampling)
    return DamageRecord(
        elsewhere.culture.country, before["js"].mean(), after["js"].mean(), change.value, change.low, change.high
    )


def _labels(cell: Cell) -> dict[str, str]:
    """Every knob of the method, and the judge, so that each table names its recipe."""
    knobs = {k: str(v) for k, v in cell.method.parts.items() if k != "class"}
    return {**knobs, **{k: v for k in ("judge", "embedder", "backend") if (v := cell.choices.get(k))}}


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


def _reading(cell: Cell) -> tuple[str, ...]:
    lines = [
        f"Intervals are {cell.benchmark.confidence:.0%} bootstrap intervals over item batteries: they cover the choice"
        " of questions, not the chance in training (run several seeds for that).",
        "Skill is 0 for uniform answers and 1 for a fresh sample of the country's own respondents.",
        f"All rows are scored on the {cell.benchmark.split.name} items that the country was asked; no method saw an"
        " item of their batteries.",
    ]
    if cell.others:
        lines.append("Other countries are asked for in ten wordings, before and after: a fall is damage.")
    if cell.control is not None:
        lines.append(
            f"The control is the same recipe on the figures of {cell.control.country}: what it gains too is"
            " calibration (format, position, spread), not culture."
        )
    return tuple(lines)
