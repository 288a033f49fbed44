"""Another benchmark than the survey: base, method and control on the same questions, as tidy rows."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.benchmark import COLUMNS, Benchmark, Pairwise, Question, Rated, Reply
from alignbench.benchmark.ask import ask, check_thoughts
from alignbench.evaluation.ask import Asking
from alignbench.evaluation.items import BASE, Kind
from alignbench.evaluation.statistics import Bootstrap, Difference, interval, paired
from alignbench.files import write_text
from alignbench.judge import Judge
from alignbench.progress import bar, say
from alignbench.record.cell import BenchmarkLine, BenchmarkRecord
from alignbench.runs.cell import Cell
from alignbench.runs.compare import contenders
from alignbench.runs.describe import Contender, cell_facts
from alignbench.runs.recipe import Setting
from alignbench.steps.guard import trained
from alignbench.store.stage import Stage, Tools
from alignbench.types import Split, check

_SCORES, _REPLIES, _UNCLOSED = "scores.parquet", "replies.jsonl", "unclosed_thoughts"
# Questions a call: how much a kill can lose.
_CHUNK = 64


@dataclass(frozen=True)
class Replies(Stage):
    """The replies of one model to the questions of a benchmark, and their scores."""

    name = "replies"

    model: AlignedModel
    benchmark: Benchmark
    questions: tuple[Question, ...]
    asking: Asking

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Ask and score; a killed one goes on from its last chunk.

        Of a model that thinks by itself ``unclosed_thoughts`` is a metric, too.
        """
        replies = self._replies(folder, tools)
        _write([self.benchmark.score(replies), thoughts(replies)], folder)
        return {"questions": len(self.questions)}

    def _replies(self, folder: Path, tools: Tools) -> list[Reply]:
        """Ask in chunks, each written to ``folder/replies.jsonl`` when it is there; goes on after the last one."""
        model, file = self.model.at_work(tools), folder / _REPLIES
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        found = self._read(lines)
        with bar(len(self.questions), "answers", "question") as progress:
            progress.update(len(found))
            while len(found) < len(self.questions):
                part = ask(model, self.benchmark, self.questions[len(found) :][:_CHUNK], self.asking)
                lines += [json.dumps(_record(reply), ensure_ascii=False) for reply in part]
                write_text(file, "\n".join(lines) + "\n")
                found += part
                progress.update(len(part))
        return found

    def _read(self, lines: Sequence[str]) -> list[Reply]:
        """The replies that were written so far."""
        return [_reply(question, json.loads(line)) for question, line in zip(self.questions, lines, strict=False)]

    def all(self, tools: Tools) -> list[Reply]:
        """The replies once the stage is finished."""
        return self._read((tools.folder(self) / _REPLIES).read_text(encoding="utf-8").splitlines())


def _write(parts: Sequence[pd.DataFrame], folder: Path) -> None:
    """The scores as one table; a facet that a part does not have is empty."""
    table = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    table.fillna({name: "" for name in table if name not in COLUMNS}).to_parquet(folder / _SCORES, index=False)


@dataclass(frozen=True)
class Pairs(Stage):
    """The replies of one model scored, and set against another's; ``against`` is that one's label."""

    name = "pairs"

    benchmark: Pairwise
    own: Replies
    other: Replies
    against: str

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them compared."""
        own, other = self.own.all(tools), self.other.all(tools)
        compared = self.benchmark.compare(own, other, self.against, tools)
        _write([self.benchmark.score(own), thoughts(own), compared], folder)
        return {"pairs": len(own)}


@dataclass(frozen=True)
class RatedReplies(Stage):
    """The replies of one model scored, and rated by a judge."""

    name = "rated"

    benchmark: Rated
    own: Replies
    judge: Judge

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them rated."""
        own = self.own.all(tools)
        _write([self.benchmark.score(own), thoughts(own), self.benchmark.rate(own, self.judge, tools)], folder)
        return {"replies": len(own)}


@dataclass(frozen=True, kw_only=True)
class Summary(Stage):
    """A line per row, metric and facets, with intervals."""

    name = "benchmark"

    setting: Setting
    benchmark: Benchmark
    rows: tuple[Contender, ...]
    answers: tuple[Replies | Pairs | RatedReplies, ...]

    def build(self, folder: Path, tools: Tools) -> None:
        """Summarise."""
        own = next((row.model for row in self.rows if row.kind == "method"), self.rows[0].model)
        prompted = {row.method: row.label for row in self.rows if row.kind == "prompted"}
        lines = summary(
            self.table(tools),
            self.setting.scoring.resampling,
            {row.label: tools.key(stage) for row, stage in zip(self.rows, self.answers, strict=True)},
            {row.label: row.kind for row in self.rows},
            {row.label: _against(row, prompted) for row in self.rows},
            lambda metric: (0.0, 1.0) if metric == _UNCLOSED else self.benchmark.range_of(metric),
            _controls(self.rows),
        )
        record = BenchmarkRecord(cell_facts(self.setting, own), self.setting.choices["benchmark"], tuple(lines))
        record.save(folder)

    def table(self, tools: Tools) -> pd.DataFrame:
        """The scores of all rows with a column ``label``."""
        pairs = zip(self.rows, self.answers, strict=True)
        tables = [pd.read_parquet(tools.folder(stage) / _SCORES).assign(label=row.label) for row, stage in pairs]
        return pd.concat(tables, ignore_index=True)


def run_benchmark(cell: Cell, benchmark: Benchmark) -> tuple[pd.DataFrame, BenchmarkRecord]:
    """Ask everything that the cell compares, and score it; a stage that exists is reused.

    Returns:
        The scores of all rows with a column ``label``, and a line per row, metric and facets.

    Raises:
        AlignbenchError: the benchmark does not cover the culture, or its files are wrong.
    """
    benchmark = benchmark.supply(train=cell.surveys[Split.train], asked=cell.asked)
    questions = tuple(benchmark.questions(cell.culture))
    check(bool(questions), "benchmark", type(benchmark).__name__, f"it has no question about {cell.culture.country}")
    asking, rows = cell.scoring.asking.by_label, tuple(contenders(cell))
    for row in rows:
        check_thoughts(row.model.policy, benchmark, questions)
    replies = tuple(Replies(row.model, benchmark, questions, asking) for row in rows)
    answers: tuple[Replies | Pairs | RatedReplies, ...] = replies
    if isinstance(benchmark, Pairwise):
        answers = _paired(benchmark, rows, replies)
    elif isinstance(benchmark, Rated):
        judge = trained(benchmark.judge, cell.context(cell.culture))
        answers = tuple(RatedReplies(benchmark, own, judge) for own in replies)
    for row, stage in zip(rows, answers, strict=True):
        say(row.label)
        cell.store.get(stage)
    whole = Summary(setting=cell.setting, benchmark=benchmark, rows=rows, answers=answers)
    found = cell.store.get(whole)
    return whole.table(cell.tools), BenchmarkRecord.load(found.path)


def _paired(benchmark: Pairwise, rows: Sequence[Contender], replies: Sequence[Replies]) -> tuple[Replies | Pairs, ...]:
    """Each model against the base model given the same prompt; against the plain one where none is."""
    found: list[Replies | Pairs] = [replies[0]]
    for row, own in zip(rows[1:], replies[1:], strict=True):
        alike = (i for i, other in enumerate(rows) if other is not row and other.model == row.model.prompted_base)
        place = next(alike, 0)
        found.append(Pairs(benchmark, own, replies[place], rows[place].label))
    return tuple(found)


def _against(row: Contender, prompted: Mapping[str | None, str]) -> str | None:
    """What a row is compared with: a method with the base given the same prompt where there is that row."""
    if row.kind == "base":
        return None
    return prompted.get(row.method, BASE) if row.kind == "method" else BASE


def _controls(rows: Sequence[Contender]) -> dict[str, str]:
    """Label -> label of what the same recipe made of the control country's figures."""
    of = {"method": "control", "prompted": "prompted_control"}
    return {
        own.label: other.label
        for own in rows
        for other in rows
        if own.method == other.method and of.get(own.kind) == other.kind
    }


def _record(reply: Reply) -> dict[str, Any]:
    question = reply.question
    return {
        "item": question.item.id,
        "facets": dict(question.facets),
        "gold": question.gold,
        "shares": reply.shares,
        "mass": reply.mass,
        "text": reply.text,
        "unclosed": reply.unclosed,
    }


def _reply(question: Question, record: Mapping[str, Any]) -> Reply:
    """Inverse of :func:`_record`."""
    shares = None if record["shares"] is None else tuple(record["shares"])
    return Reply(question, shares, record["mass"], record["text"], record["unclosed"])


def thoughts(replies: Sequence[Reply]) -> pd.DataFrame:
    """The share of unclosed thoughts of each question in the form of scores; empty where no model thought by itself."""
    return pd.DataFrame(
        {
            **dict(zip(COLUMNS, (r.question.item.id, r.question.item.battery, _UNCLOSED, r.unclosed), strict=True)),
            **r.question.facets,
        }
        for r in replies
        if r.unclosed is not None
    )


def summary(
    table: pd.DataFrame,
    bootstrap: Bootstrap,
    keys: Mapping[str, str],
    kinds: Mapping[str, Kind],
    against: Mapping[str, str | None],
    range_of: Callable[[str], tuple[float, float]],
    controls: Mapping[str, str] = MappingProxyType({}),
) -> list[BenchmarkLine]:
    """Means over items with intervals over groups; differences are paired by item.

    Args:
        keys: label -> key of the stage with its replies.
        against: label -> label of what its differences are measured from; None for the base.
        range_of: metric -> its least and largest value, at which intervals end.
        controls: label -> label of what its own minus cross is measured from.
    """
    facets = [column for column in table if column not in (*COLUMNS, "label")]
    table = table.assign(where=table[facets].astype(str).agg(" ".join, axis=1) if facets else "")
    lines = []
    for (label, metric, where), rows in table.groupby(["label", "metric", "where"], sort=False):
        rows = rows.dropna(subset="value").set_index("item")
        if rows.empty:
            continue
        alike = table[(table["metric"] == metric) & (table["where"] == where)].dropna(subset="value")
        bounds, other = range_of(str(metric)), against[str(label)]
        change, cross = (
            _difference(rows, alike[alike["label"] == than].set_index("item"), bootstrap, *bounds)
            for than in (other, controls.get(str(label)))
        )
        found = interval(rows["value"].to_numpy(), rows["group"].tolist(), bootstrap).within(*bounds)
        name, asked = str(label), (str(metric), str(where).strip())
        compared_with = None if change is None else other
        line = (name, kinds[name], *asked, found, change, len(rows), keys[name], compared_with, cross)
        lines.append(BenchmarkLine(*line))
    return lines


def _difference(
    own: pd.DataFrame, other: pd.DataFrame, bootstrap: Bootstrap, low: float, high: float
) -> Difference | None:
    """The difference of two rows on the items that both have; None where they have none in common."""
    shared = own.index.intersection(other.index, sort=False).tolist()
    if not shared:
        return None
    own, other = own.loc[shared], other.loc[shared]
    found = paired(own["value"].to_numpy(), other["value"].to_numpy(), own["group"].tolist(), bootstrap)
    return found.within(low - high, high - low)
