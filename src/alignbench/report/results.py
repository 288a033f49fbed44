"""Everything that a store has found out, as one tidy table; :mod:`alignbench.report.schema` says what is in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.data.published import ANY
from alignbench.evaluation.board import Row
from alignbench.evaluation.catalogue import metrics, of_rows
from alignbench.evaluation.items import BASE
from alignbench.evaluation.statistics import Interval
from alignbench.identity import canonical
from alignbench.record.benchmark import BenchmarkRecord, finished_benchmarks
from alignbench.record.cell import CellFacts, CellRecord
from alignbench.record.finished import FinishedCell, finished, pages
from alignbench.record.lineage import Lineage
from alignbench.record.stored import Manifest
from alignbench.report.board.variant import MethodVariant, variants
from alignbench.report.schema import COLUMNS
from alignbench.types import check

Line = dict[str, Any]


def results(store: Path) -> pd.DataFrame:
    """One row per cell, row of its board and metric that has a value; columns as in :data:`COLUMNS`, the oldest first.

    Raises:
        AlignbenchError: the store holds neither a finished cell nor a finished benchmark.
    """
    cells = finished(store) if any(store.glob("score/*/record.json")) else []
    benchmarks = finished_benchmarks(store)
    check(bool(cells or benchmarks), "store", str(store), "it holds no finished cell; run one first (task=run)")
    return table(cells, benchmarks, Lineage(store))


def table(
    cells: Sequence[FinishedCell], benchmarks: Sequence[tuple[Path, Manifest, BenchmarkRecord]], lineage: Lineage
) -> pd.DataFrame:
    """:func:`results` of what was read already."""
    found = [(cell.stage, MethodVariant.of(cell, lineage), cell.manifest, _board(cell.record)) for cell in cells]
    found += [
        (folder, MethodVariant(record.cell), manifest, _of_benchmark(record)) for folder, manifest, record in benchmarks
    ]
    named, shown = variants([recipe for _, recipe, _, _ in found]), pages(cells)
    lines = []
    for (folder, recipe, manifest, figures), variant in zip(found, named, strict=True):
        about = _of_cell(folder, recipe.cell, manifest)
        about |= {"page": shown.get(folder, recipe.cell.page), "variant": variant}
        lines += [about | line for line in figures]
    return pd.DataFrame(lines, columns=[c.name for c in COLUMNS]).astype({c.name: c.dtype for c in COLUMNS})


def _of_cell(folder: Path, cell: CellFacts, manifest: Manifest) -> Line:
    named = {column.name: getattr(cell, column.name) for column in COLUMNS if column.name in vars(cell)}
    knobs, asked = canonical(dict(cell.labels)), canonical(manifest["inputs"]["setting"]["scoring"])
    written = {name: manifest[name] for name in ("git", "finished")}
    return {"run": folder.name, **named, "knobs": knobs, "asking": asked, **written}


def _board(record: CellRecord) -> Iterator[Line]:
    survey = {"benchmark": "survey"}
    for row in record.rows:
        about = {name: getattr(row, name) for name in ("label", "kind", "against", "items", "batteries", "seeds")}
        about |= {"published_items": record.exposure.get(ANY), "responses": row.key or None}
        for metric, facets, value, low, high in _figures(row):
            if value is not None:
                yield {**survey, **about, **_figure(metric, facets, float(value), low, high, metrics()[metric].unit)}
    for other in record.elsewhere:
        label, against = record.aligned.label if record.aligned else "", f"{BASE} prompted as {other.name}"
        figure = _figure("elsewhere", other.name, other.difference, other.low, other.high, metrics()["elsewhere"].unit)
        yield {**survey, "label": label, "kind": "method", "against": against, **figure}


def _figures(row: Row) -> Iterator[tuple[str, str, Any, float | None, float | None]]:
    """(metric, facets, value, low, high) of a row of the board."""
    for metric in of_rows():
        name = "own_minus_cross" if (metric, row.kind) == ("difference", "control") else metric
        yield name, "", *row.figure(metric)
    for asked, score in row.formats.items():
        yield "format_score", asked, score, None, None


def _of_benchmark(record: BenchmarkRecord) -> Iterator[Line]:
    for line in record.lines:
        about = {"benchmark": record.benchmark, "label": line.label, "items": line.n, "responses": line.key or None}
        about |= {"kind": line.kind, "against": line.against, "batteries": line.value.batteries, "seeds": 1}
        yield {**about, **_interval(line.metric, line.facets, line.value)}
        if line.difference is not None:
            yield {**about, **_interval(f"{line.metric}.difference", line.facets, line.difference)}
            yield {**about, **_figure(f"{line.metric}.detectable", line.facets, line.difference.detectable)}


def _interval(metric: str, facets: str, found: Interval) -> Line:
    return _figure(metric, facets, found.value, found.low, found.high)


def _figure(
    metric: str, facets: str, value: float, low: float | None = None, high: float | None = None, unit: str = ""
) -> Line:
    return {"metric": metric, "facets": facets, "unit": unit, "value": value, "low": low, "high": high}
