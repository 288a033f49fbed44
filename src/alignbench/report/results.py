"""Everything that a store has found out, as one tidy table with its schema, and methods side by side as another."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from alignbench.data.published import ANY
from alignbench.evaluation.board import Row, corrected, minus
from alignbench.evaluation.catalogue import metrics, of_rows
from alignbench.evaluation.items import BASE
from alignbench.evaluation.pooling import Pooled
from alignbench.evaluation.statistics import Interval
from alignbench.identity import canonical
from alignbench.record.cell import BenchmarkRecord, CellRecord, finished_benchmarks
from alignbench.record.finished import FinishedCell, finished, pages, resampling, with_items
from alignbench.record.lineage import Lineage
from alignbench.record.stored import Manifest
from alignbench.report.board import read
from alignbench.report.board.groups import CultureBoard, groups
from alignbench.report.board.panels import CulturePanel, Section, sections
from alignbench.report.board.variant import MethodVariant, variants
from alignbench.report.numbers import pipe_table
from alignbench.types import check


class Column(NamedTuple):
    """A column of the table. ``unit`` is empty for names."""

    name: str
    dtype: str
    unit: str
    meaning: str


_TEXT, _FLOAT, _COUNT = "string", "float64", "Int64"
KINDS = {
    "base": "the unprompted base model",
    "method": "a method's model, as it is asked",
    "prompted": "the base model under the method's own prompt: what that alone brings",
    "control": "the same recipe on another country's figures",
    "prompted_control": "the base model under the control's prompt",
    "reference": "no model: uniform answers, the people themselves ...",
}

# Figures of a method over all cultures of a board: name -> unit and meaning.
POOLED = {
    "pooled.score": ("similarity", "mean score over cultures, each counting the same"),
    "pooled.difference": ("similarity", "mean over cultures of the difference to what the method is compared with"),
    "pooled.difference_p": ("probability", "two-sided, corrected after Holm over the methods of the board"),
    "pooled.specificity": ("similarity", "specificity over all pairs of cultures"),
    "pooled.specificity_p": ("probability", "two-sided, corrected after Holm over the methods of the board"),
    "pooled.detectable": ("similarity", "the true pooled specificity that this design finds four times out of five"),
    "pooled.rank": ("place", "by pooled specificity, from 1; methods that are not clear of zero share one"),
    "pooled.c_dist": ("share", "the own model's score over the best model's, mean over cultures"),
}

COLUMNS = (
    Column("page", _TEXT, "", "name of the cell's page"),
    Column("run", _TEXT, "", "key of the stage that holds the record (score/ or benchmark/ in the store)"),
    Column("benchmark", _TEXT, "", '"survey", or the name of another benchmark (benchmark=...)'),
    Column("method", _TEXT, "", "of the cell, as chosen on the command line"),
    Column("variant", _TEXT, "", "what was changed in the method, and choices in which its cells in this store differ"),
    Column("knobs", _TEXT, "", "all knobs of the method, who judged and wrote, and the backend, as JSON"),
    Column("asking", _TEXT, "", "all knobs of the scoring, as JSON: form of the questions, base of the score ..."),
    Column("training", _TEXT, "", "choice of training; none where nothing was trained"),
    Column(
        "culture", _TEXT, "", "of the cell; missing for pooled figures, as are page, run, seed and what one cell has"
    ),
    Column("country", _TEXT, "", "that stands for the culture; for pooled figures all of them"),
    Column("model", _TEXT, "", "base model"),
    Column("seed", _COUNT, "", "of the cell"),
    Column("survey", _TEXT, "", "title and year"),
    Column("elicit", _TEXT, "", "form in which answers were taken: label, text, verbalised or sampled"),
    Column("split", _TEXT, "", "items that were asked: train, validation or test"),
    Column("label", _TEXT, "", "row of the board"),
    Column("kind", _TEXT, "", "base, method, prompted, control, prompted_control or reference; see below"),
    Column("against", _TEXT, "", "label of what difference is measured from (of a control: own minus cross)"),
    Column(
        "metric",
        _TEXT,
        "",
        "see below; of a benchmark its own, with .difference, .detectable, .own_minus_cross",
    ),
    Column("facets", _TEXT, "", "framing, language, other country and the like; empty for none"),
    Column("unit", _TEXT, "", "of value, low and high; empty where the benchmark defines it"),
    Column("value", _FLOAT, "as unit says", "the figure"),
    Column("low", _FLOAT, "as unit says", "lower end of its interval; missing where it has none"),
    Column("high", _FLOAT, "as unit says", "upper end"),
    Column("items", _COUNT, "items", "that the figure rests on"),
    Column("batteries", _COUNT, "batteries", "that the interval draws; fewer than five give an unsure one"),
    Column("seeds", _COUNT, "seeds", "averaged in the row"),
    Column("published_items", _COUNT, "items", "asked items that stand in public fine-tuning sets; missing: not known"),
    Column("responses", _TEXT, "", "key(s) of the stage with the answers"),
    Column("git", _TEXT, "", "revision that made the record"),
    Column("finished", _TEXT, "UTC", "when"),
)


def schema_markdown() -> str:
    """The schema as two Markdown tables: what goes with every ``results.parquet``."""
    columns = [(f"`{c.name}`", c.dtype, c.unit, c.meaning) for c in COLUMNS]
    kinds = [(f"`{name}`", meaning) for name, meaning in KINDS.items()]
    figures = [(f"`{name}`", m.unit, m.range, m.better.value, m.meaning) for name, m in metrics().items()]
    pooled = [(f"`{name}`", unit, meaning) for name, (unit, meaning) in POOLED.items()]
    return (
        "# Results as data\n\n`alignbench.load_results(store)` and `results.parquet`: a row per cell, row of its board "
        "and metric, and\na row per method and pooled metric where the store holds several cultures. Intervals (95 % "
        "unless\n`scoring.confidence` says else) of a cell cover the choice of questions, not the chance in training: "
        "the board's\ncover that, too, where several seeds were run, and pooled ones where there are five cultures or "
        "more.\n\n"
        f"{pipe_table(('column', 'dtype', 'unit', 'meaning'), columns, 4)}\n"
        f"{pipe_table(('kind', 'meaning'), kinds, 2)}\n"
        f"{pipe_table(('metric', 'unit', 'range', 'better', 'meaning'), figures, 5)}\n"
        f"{pipe_table(('pooled metric', 'unit', 'meaning'), pooled, 3)}"
    )


Line = dict[str, Any]


def results(store: Path) -> pd.DataFrame:
    """One row per cell, row of its board and metric that has a value; columns as in :data:`COLUMNS`, the oldest first.

    Raises:
        AlignbenchError: the store holds neither a finished cell nor a finished benchmark.
    """
    cells = finished(store) if any(store.glob("score/*/record.json")) else []
    benchmarks = finished_benchmarks(store)
    check(bool(cells or benchmarks), "store", str(store), "it holds no finished cell; run one first (task=run)")
    board = read(cells, store, store)
    return table(cells, benchmarks, board.lineage, sections(board))


def table(
    cells: Sequence[FinishedCell],
    benchmarks: Sequence[tuple[Path, Manifest, BenchmarkRecord]],
    lineage: Lineage,
    worlds: Sequence[Section],
) -> pd.DataFrame:
    """:func:`results` of what was read already; ``worlds`` are those of the cells."""
    found = [(cell.stage, MethodVariant.of(cell, lineage), cell.manifest, _board(cell.record)) for cell in cells]
    found += [
        (folder, MethodVariant(record.cell), manifest, _of_benchmark(record)) for folder, manifest, record in benchmarks
    ]
    named, shown = variants([recipe for _, recipe, _, _ in found]), pages(cells)
    lines = []
    for (folder, recipe, manifest, figures), variant in zip(found, named, strict=True):
        cell, scoring = recipe.cell, manifest["inputs"]["setting"]["scoring"]
        about: Line = {"run": folder.name, "page": shown.get(folder, cell.page), "variant": variant}
        about |= {column.name: getattr(cell, column.name) for column in COLUMNS if column.name in vars(cell)}
        about |= {"knobs": canonical(dict(cell.labels)), "asking": canonical(scoring)}
        about |= {name: manifest[name] for name in ("git", "finished")}
        lines += [about | line for line in figures]
    lines += [line for section in worlds for panel in section.panels for line in _pooled(panel)]
    return pd.DataFrame(lines, columns=[c.name for c in COLUMNS]).astype({c.name: c.dtype for c in COLUMNS})


def _pooled(panel: CulturePanel) -> Iterator[Line]:
    """The figures of its methods over all its cultures."""
    world, split, model = panel.place
    for one in panel.pooled:
        method, _, variant = one.label.partition(", ")
        about: Line = {"benchmark": "survey", "method": method, "variant": variant, "model": model, "split": split}
        about |= {"survey": world.survey, "label": one.label, "kind": "method", "seeds": one.seeds}
        about |= {"country": ", ".join(one.cultures), "facets": f"{len(one.cultures)} cultures"}
        about |= {name: getattr(one.specificity or one.score, name) for name in ("items", "batteries")}
        found: dict[str, Pooled | float | None] = {
            "pooled.score": one.score,
            "pooled.difference": one.gain,
            "pooled.difference_p": one.gain_p,
            "pooled.specificity": one.specificity,
            "pooled.specificity_p": one.specificity_p,
            "pooled.detectable": one.detectable,
            "pooled.rank": one.rank,
            "pooled.c_dist": one.c_dist,
        }
        for metric, figure in found.items():
            whole = (figure.value, figure.low, figure.high) if isinstance(figure, Pooled) else (figure, None, None)
            value, low, high = whole
            if value is not None:
                yield {**about, **_figure(metric, about["facets"], value, low, high, POOLED[metric][0])}


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
        if line.own_minus_cross is not None:
            yield {**about, **_interval(f"{line.metric}.own_minus_cross", line.facets, line.own_minus_cross)}


def _interval(metric: str, facets: str, found: Interval) -> Line:
    return _figure(metric, facets, found.value, found.low, found.high)


def _figure(
    metric: str, facets: str, value: float, low: float | None = None, high: float | None = None, unit: str = ""
) -> Line:
    return {"metric": metric, "facets": facets, "unit": unit, "value": value, "low": low, "high": high}


_OF_ROW = ("difference", "low", "high", "p_value", "p_raw", "detectable", "items", "batteries", "seeds", "note")


def comparisons(
    store: Path, against: str | None, methods: Sequence[str], cells: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """A row for each method of each board; see :func:`alignbench.compare`.

    Args:
        methods: which rows to return, by method or by label; () is all.
        cells: field of a cell's facts -> the values that it may have; boards are made of these cells alone.

    Raises:
        AlignbenchError: no cell is of that kind, or no method remains.
    """
    known = finished(store)
    for name, values in cells.items():
        there = sorted({getattr(cell.record.cell, name) for cell in known})
        for value in values:
            check(value in there, name, value, f"the store has {', '.join(map(str, there))}")
    chosen = [c for c in known if all(getattr(c.record.cell, name) in values for name, values in cells.items())]
    lines = [line for group in groups(with_items(chosen), Lineage(store)) for line in _lines(group, against)]
    labels = ", ".join(dict.fromkeys(line["method"] for line in lines)) or "none"
    for method in methods:
        check(any(_is(line, method) for line in lines), "method", method, f"methods that can be compared: {labels}")
    shown = [line for line in lines if not methods or any(_is(line, method) for method in methods)]
    check(bool(shown), "against", against, f"no method here can be compared with it; methods: {labels}")
    return pd.DataFrame(shown)


def _is(line: Mapping[str, Any], method: str) -> bool:
    """Whether a line is of the method, in whatever variant."""
    return bool(line["method"] == method or line["method"].startswith(f"{method}, "))


def _lines(group: CultureBoard, against: str | None) -> Iterator[dict[str, Any]]:
    facts = group.first.record.cell
    place = {"model": group.model, "culture": facts.culture, "country": facts.country}
    place |= {"survey": facts.survey, "split": facts.split}
    figures = _on_board(group) if against is None else _between(group, against)
    for label, other, values in figures:
        yield {**place, "method": label, "against": other, **dict(zip(_OF_ROW, values, strict=True))}


def _on_board(group: CultureBoard) -> Iterator[tuple[str, str | None, tuple[Any, ...]]]:
    for row in group.rows:
        if row.kind == "method" and row.difference is not None:
            change = (*row.figure("difference"), row.p_value, row.p_raw, row.detectable)
            yield row.label, row.against, (*change, row.items, row.batteries, row.seeds, row.note)


def _between(group: CultureBoard, against: str) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    models = [entry for entry in group.scored if entry.kind in ("base", "method", "prompted")]
    other = next((entry for entry in models if entry.label == against), None)
    rivals = [entry for entry in models if entry.kind == "method" and entry is not other]
    changes = [minus(entry, other, resampling(group.first)) for entry in rivals]
    found = [(entry, change) for entry, change in zip(rivals, changes, strict=True) if change is not None]
    for (entry, change), p in zip(found, corrected([change.p_value for _, change in found]), strict=True):
        figures = (change.value, change.low, change.high, p, change.p_value, change.detectable)
        yield entry.label, against, (*figures, len(entry.items), change.batteries, len(entry.frames), change.note)
