"""One cell from start to end: fit, respond, score; the method beside its baselines and its control."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.evaluation.ask import Asking
from alignbench.evaluation.items import Kind, label_of
from alignbench.evaluation.survey import SurveyBenchmark, respond
from alignbench.method import Method
from alignbench.method.prompting import wordings
from alignbench.progress import say
from alignbench.report.record import CellRecord
from alignbench.runs.answered import BASE, Answered, Elsewhere
from alignbench.runs.cell import Cell
from alignbench.runs.describe import describe
from alignbench.store.manifest import write_json
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, Culture, Item, PromptPolicy, Sampling, Split, chat

_SAMPLES = 3


def compare(cell: Cell) -> tuple[CellRecord, Stage]:
    """Fit and question everything that this cell compares, and put it on one board.

    Stages that exist are reused; the record is itself a stage, so a finished cell loads no model.
    """
    found = []
    for entry in entries(cell):
        say(entry.label)
        found += answered(cell, entry)
    stage = concluded(cell, found)
    return CellRecord.from_json(json.loads((stage.path / "record.json").read_text(encoding="utf-8"))), stage


def concluded(cell: Cell, found: Sequence[Answered]) -> Stage:
    """The stage that holds the record of the cell, once every entry has answered.

    Raises:
        Pending: the cell's store only plans, and something is missing.
    """
    samples = _samples(cell, found)
    elsewhere = _elsewhere(cell, found)
    parts = {
        "responses": [[a.label, a.responses.key, *(form.key for form in a.forms.values())] for a in found],
        "samples": samples.key if samples else None,
        "elsewhere": [[asdict(e.culture), e.before.key, e.after.key] for e in elsewhere],
        "provenance": [dict(a.model.provenance) for a in found],
        "benchmark": cell.benchmark.parts,
        "survey": cell.survey.fingerprint,
        "culture": asdict(cell.culture),
        "choices": dict(cell.choices),
        "changed": dict(cell.changed),
        "seed": cell.seed,
    }

    def build(folder: Path) -> None:
        write_json(folder / "config.json", {**cell.config, "changed": cell.changed})
        write_json(folder / "record.json", describe(cell, found, elsewhere, samples, folder).to_json())

    return cell.store.stage("score", parts, build, version=4)


@dataclass(frozen=True)
class Contender:
    """A row to come: a method in the context of a culture, under a name; ``kind`` is base, method or control."""

    kind: Kind
    name: str
    method: Method
    culture: Culture

    @property
    def country(self) -> str | None:
        """The control's country, of a control."""
        return self.culture.country if self.kind == "control" else None

    @property
    def label(self) -> str:
        """Of its row."""
        return label_of(self.kind, self.name, self.country)


def entries(cell: Cell) -> list[Contender]:
    """Base, the method, the method as fitted to the control culture, then the other baselines."""
    baselines = {json.dumps(m.parts, sort_keys=True): name for name, m in cell.baselines.items()}
    own = baselines.pop(json.dumps(cell.method.parts, sort_keys=True), cell.choices["method"])
    found = [Contender("base", BASE, cell.baselines[BASE], cell.culture)]
    if own != BASE:
        found.append(Contender("method", own, cell.method, cell.culture))
        if cell.control is not None:
            found.append(Contender("control", own, cell.method, cell.control))
    others = [name for name in baselines.values() if name not in (BASE, own)]
    return found + [Contender("method", name, cell.baselines[name], cell.culture) for name in others]


def answered(cell: Cell, entry: Contender) -> list[Answered]:
    """The entry fitted and asked, from the store or made; then the base model told the same words, if need be.

    It is needed where weights were changed and the model is told something: only beside that row does the entry's
    show what the weights learnt.

    Raises:
        Pending: the cell's store only plans, and something is missing.
    """
    model = entry.method.fit(cell.context(entry.culture))
    asked: list[tuple[Kind, AlignedModel]] = [(entry.kind, model)]
    trained = model.adapter_key is not None or model.base.fingerprint != cell.model.fingerprint
    if trained and model.policy.parts != PromptPolicy().parts:
        told = AlignedModel(cell.model, policy=model.policy)
        asked.append(("told" if entry.kind == "method" else "told_control", told))
    return [_answers(cell, entry, kind, model) for kind, model in asked]


def _answers(cell: Cell, entry: Contender, kind: Kind, model: AlignedModel) -> Answered:
    asked = [(n, _asked(cell, form), form) for n, form in cell.benchmark.forms.items()]
    forms = {name: responses(cell, model, items, form) for name, items, form in asked}
    own = responses(cell, model, _asked(cell, cell.benchmark), cell.benchmark)
    return Answered(kind, model, own, None if kind == "base" else entry.name, entry.country, forms)


def _asked(cell: Cell, benchmark: SurveyBenchmark) -> tuple[Item, ...]:
    return cell.surveys[benchmark.split].items


def _elsewhere(cell: Cell, found: Sequence[Answered]) -> list[Elsewhere]:
    """Base and aligned weights under the prompt of each other culture; none where no weight was changed."""
    own = next((a for a in found if a.kind == "method"), None)
    if own is None or own.model.adapter_key is None:
        return []
    asked = []
    for culture in cell.others:
        if cell.store.build_missing:
            say(f"{culture.country}, before and after")
        policy = PromptPolicy(wordings(culture))
        items = _asked(cell, cell.benchmark)
        told = (AlignedModel(cell.model, policy=policy), replace(own.model, policy=policy))
        asked.append(Elsewhere(culture, *(responses(cell, model, items, cell.benchmark) for model in told)))
    return asked


def speaker(model: AlignedModel, asking: Asking) -> dict[str, Any]:
    """Everything but the questions that decides what ``model`` answers."""
    return {
        "model": model.base.fingerprint,
        "dtype": model.base.dtype,
        "template": dict(model.base.template_kwargs),
        "adapter": model.adapter_key,
        "policy": model.policy.parts,
        "asking": asking.parts,
    }


def responses(cell: Cell, model: AlignedModel, items: tuple[Item, ...], benchmark: SurveyBenchmark) -> Stage:
    """Answers of ``model`` to ``items``, whatever the culture asked."""
    parts = {**speaker(model, benchmark.asking), "items": hashlib.sha256(repr(items).encode()).hexdigest()}

    def build(folder: Path) -> Mapping[str, Any]:
        engine = cell.engine(model.base)
        before = replace(engine.usage)
        respond(engine, model, items, benchmark, folder)
        return {"items": len(items), **asdict(engine.usage - before)}

    return cell.store.stage("respond", parts, build)


def _samples(cell: Cell, found: Sequence[Answered]) -> Stage | None:
    """Open answers to a few test questions, base and method, greedy: for the eye, not for the score."""
    pair = [a for a in found if a.kind in ("base", "method")][:2]
    if len(pair) < 2 or cell.choices["method"] in cell.baselines:
        return None
    batteries = {item.battery: item for item in cell.surveys[Split.test].asked(cell.culture.iso3)}
    items = list(batteries.values())[:_SAMPLES]
    sampling = Sampling(max_new_tokens=48)
    parts = {
        "models": [[a.model.base.fingerprint, a.model.adapter_key, a.model.policy.parts] for a in pair],
        "items": [i.id for i in items],
        "questions": [i.question for i in items],
        "sampling": asdict(sampling),
    }

    def build(folder: Path) -> None:
        replies = []
        for a in pair:
            chats = [chat(i.question, a.model.policy.systems_for(i)[0]) for i in items]
            texts = cell.engine(a.model.base).generate(chats, sampling, a.model.adapter)
            replies.append([t[0] for t in texts])
        rows = zip(items, *replies, strict=True)
        write_json(folder / "samples.json", [{"item": i.id, "before": b, "after": a} for i, b, a in rows])

    return cell.store.stage("samples", parts, build)
