"""A benchmark beside the survey: base, method and control on the same questions, as tidy rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.backend import Engine
from alignbench.benchmark import COLUMNS, Benchmark, Question, Reply
from alignbench.benchmark.ask import ask
from alignbench.evaluation.ask import Answer, Asking
from alignbench.evaluation.items import Kind
from alignbench.evaluation.statistics import Bootstrap, interval, paired
from alignbench.progress import bar, say
from alignbench.report.extra import ExtraRecord, Line
from alignbench.runs.answered import BASE
from alignbench.runs.cell import Cell
from alignbench.runs.compare import entries
from alignbench.runs.describe import cell_facts
from alignbench.store.manifest import write_json
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, check

_SCORES = "scores.parquet"
# Questions a call: how much a kill can lose.
_CHUNK = 64


def beside(cell: Cell, benchmark: Benchmark) -> tuple[pd.DataFrame, ExtraRecord]:
    """Ask everything that the cell compares, and score it; a stage that exists is reused.

    Returns:
        The rows of all entries with a column ``label``, and a line per entry, metric and facets.

    Raises:
        AlignbenchError: the benchmark does not cover the culture, or its files are wrong.
    """
    questions = benchmark.questions(cell.culture)
    check(bool(questions), "extra", type(benchmark).__name__, f"it has no question about {cell.culture.country}")
    models, stages = [], {}
    contenders = entries(cell)
    for entry in contenders:
        say(entry.label)
        models.append(entry.method.fit(cell.context(entry.culture)))
        stages[entry.label] = _scored(cell, benchmark, questions, models[-1])
    tables = [pd.read_parquet(stage.path / _SCORES).assign(label=label) for label, stage in stages.items()]
    table = pd.concat(tables, ignore_index=True)
    keys = {label: stage.key for label, stage in stages.items()}
    kinds = {entry.label: entry.kind for entry in contenders}
    bootstrap = cell.benchmark.resampling
    parts = {
        "benchmark": benchmark.parts,
        "entries": keys,
        "bootstrap": asdict(bootstrap),
        "choices": dict(cell.choices),
        "method": cell.method.parts,
        "culture": asdict(cell.culture),
        "seed": cell.seed,
    }

    def build(folder: Path) -> None:
        facts = cell_facts(cell, models[min(1, len(models) - 1)])
        record = ExtraRecord(
            facts, cell.choices["extra"], tuple(summary(table, bootstrap, keys, kinds, benchmark.range_of))
        )
        write_json(folder / "record.json", record.to_json())

    stage = cell.store.stage("beside", parts, build, version=3)
    return table, ExtraRecord.from_json(json.loads((stage.path / "record.json").read_text(encoding="utf-8")))


def _scored(cell: Cell, benchmark: Benchmark, questions: Sequence[Question], model: AlignedModel) -> Stage:
    """The replies and scores of one model, from the store or made."""
    asking = replace(cell.benchmark.asking, answer=Answer.label)

    def build(folder: Path) -> Mapping[str, Any]:
        replies = _replies(cell.engine(model.base), model, benchmark, questions, asking, folder)
        benchmark.score(replies).to_parquet(folder / _SCORES, index=False)
        return {"questions": len(questions)}

    parts = {
        "benchmark": benchmark.parts,
        "questions": [repr(question) for question in questions],
        "asking": asking.parts,
        "model": [model.base.fingerprint, model.base.dtype, dict(model.base.template_kwargs)],
        "adapter": model.adapter_key,
        "policy": model.policy.parts,
    }
    return cell.store.stage("extra", parts, build)


def _replies(
    engine: Engine,
    model: AlignedModel,
    benchmark: Benchmark,
    questions: Sequence[Question],
    asking: Asking,
    folder: Path,
) -> list[Reply]:
    """Ask in chunks, each written to ``folder/replies.jsonl`` when it is there; goes on after the last whole one."""
    file = folder / "replies.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = [_reply(question, json.loads(line)) for question, line in zip(questions, lines, strict=False)]
    with bar(len(questions), "answers", "question") as progress:
        progress.update(len(found))
        while len(found) < len(questions):
            part = ask(engine, model, benchmark, questions[len(found) :][:_CHUNK], asking)
            lines += [json.dumps(_record(reply), ensure_ascii=False) for reply in part]
            partial = file.with_suffix(".partial")
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
            partial.replace(file)
            found += part
            progress.update(len(part))
    return found


def _record(reply: Reply) -> dict[str, Any]:
    question = reply.question
    return {
        "item": question.item.id,
        "facets": dict(question.facets),
        "gold": question.gold,
        "shares": reply.shares,
        "mass": reply.mass,
        "text": reply.text,
    }


def _reply(question: Question, record: Mapping[str, Any]) -> Reply:
    """Inverse of :func:`_record`."""
    shares = None if record["shares"] is None else tuple(record["shares"])
    return Reply(question, shares, record["mass"], record["text"])


def summary(
    table: pd.DataFrame,
    bootstrap: Bootstrap,
    keys: Mapping[str, str],
    kinds: Mapping[str, Kind],
    range_of: Callable[[str], tuple[float, float]],
) -> list[Line]:
    """Means over items with intervals over groups; differences are paired with the entry labelled ``base``.

    Args:
        keys: label -> key of the stage with its replies.
        kinds: label -> its role.
        range_of: metric -> its least and largest value, at which intervals end.
    """
    facets = [column for column in table if column not in (*COLUMNS, "label")]
    table = table.assign(where=table[facets].astype(str).agg(" ".join, axis=1) if facets else "")
    lines = []
    for (label, metric, where), rows in table.groupby(["label", "metric", "where"], sort=False):
        rows = rows.dropna(subset="value").set_index("item")
        if rows.empty:
            continue
        base = table[(table["label"] == BASE) & (table["metric"] == metric) & (table["where"] == where)]
        base = base.dropna(subset="value").set_index("item")
        shared = [] if label == BASE else rows.index.intersection(base.index, sort=False).tolist()
        change, (low, high) = None, range_of(str(metric))
        if len(shared):
            own, other = rows.loc[shared], base.loc[shared]
            change = paired(own["value"].to_numpy(), other["value"].to_numpy(), own["group"].tolist(), bootstrap)
            change = change.within(low - high, high - low)
        found = interval(rows["value"].to_numpy(), rows["group"].tolist(), bootstrap).within(low, high)
        name = str(label)
        lines.append(Line(name, kinds[name], str(metric), str(where).strip(), found, change, len(rows), keys[name]))
    return lines
