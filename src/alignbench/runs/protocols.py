"""Every protocol on one cell: base and method, one pass of responses each, and the sanity rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.evaluation.interview import chosen, read_own
from alignbench.evaluation.protocols import inglehart_welzel
from alignbench.evaluation.protocols.chart import Chart, chart_of, distances
from alignbench.evaluation.protocols.crowd import crowd
from alignbench.evaluation.protocols.figure import Figure
from alignbench.evaluation.protocols.national import national
from alignbench.evaluation.protocols.persons import persons
from alignbench.evaluation.protocols.recipe import Pass
from alignbench.evaluation.protocols.sides import Side, Truth, model_side, references
from alignbench.evaluation.survey import distributions, option_mass
from alignbench.progress import say
from alignbench.report.protocols.record import ProtocolRecord
from alignbench.runs.answered import BASE
from alignbench.runs.cell import Cell
from alignbench.runs.compare import Contender, entries
from alignbench.runs.interviews import Panel, interviewed, panel
from alignbench.store.manifest import write_json
from alignbench.store.stages import Stage
from alignbench.types import AlignedModel, Item, Split

_RECORD = "record.json"


@dataclass(frozen=True)
class Heard:
    """A model and its pass of responses."""

    label: str
    model: AlignedModel
    stage: Stage


def protocols(cell: Cell, knobs: Pass) -> tuple[ProtocolRecord, Stage]:
    """Ask base and method, and score both by every protocol. Stages that exist are reused.

    Raises:
        AlignbenchError: an item that the survey does not hold, a block that it does not have.
    """
    block = knobs.asked(cell.surveys, cell.survey, cell.benchmark.split)
    people = panel(cell, block, knobs.respondents, knobs.people_seed)
    known = {item.id for item in block}
    questions = inglehart_welzel.held(cell.survey)
    beside = tuple(cell.survey.item(name) for name in questions if name not in known)
    heard = []
    for entry in _contenders(cell):
        label = BASE if entry.label == BASE else cell.choices["method"]
        say(label)
        model = entry.method.fit(cell.context(entry.culture))
        heard.append(Heard(label, model, interviewed(cell, model, people, (block, beside))))
    parts = {
        "passes": [[h.label, h.stage.key] for h in heard],
        "provenance": [dict(h.model.provenance) for h in heard],
        "knobs": {name: getattr(knobs, name) for name in ("epsilon", "kl_clca_compat", "refused_below")},
        "block": [knobs.block_name(cell.benchmark.split), [item.id for item in block]],
        "benchmark": cell.benchmark.parts,
        "survey": [cell.survey.fingerprint, cell.source.parts],
        "culture": asdict(cell.culture),
        "names": [cell.choices["method"], cell.model.name],
        "seed": cell.seed,
    }

    def build(folder: Path) -> Mapping[str, Any]:
        record = _scored(cell, knobs, heard, people, block, beside)
        write_json(folder / _RECORD, record.to_json())
        return {"figures": len(record.figures)}

    stage = cell.store.stage("protocols", parts, build)
    return ProtocolRecord.load(stage.path / _RECORD), stage


def _contenders(cell: Cell) -> list[Contender]:
    """The base model, and the method unless it is the same."""
    base, *others = entries(cell)
    own = [e for e in others if e.kind == "method" and e.method.parts == cell.method.parts]
    return [base, *own]


def _scored(
    cell: Cell, knobs: Pass, heard: Sequence[Heard], people: Panel, block: Sequence[Item], beside: Sequence[Item]
) -> ProtocolRecord:
    asked = (*block, *beside)
    truth = Truth(
        survey=replace(cell.survey, items=asked),
        iso3=cell.culture.iso3,
        items=people.items,
        seen=frozenset(i.id for split in (Split.train, Split.validation) for i in cell.surveys[split].items),
        people=people.answers,
        respondents=len(people.systems),
    )
    sides = [_side(h, knobs, people, asked) for h in heard]
    on_map = inglehart_welzel.held(cell.survey)
    chart = chart_of(cell.survey, block, cell.source.individuals(inglehart_welzel.QUESTIONS) if on_map else None)
    every = [*sides, *references(truth, cell.benchmark.ceiling_n, cell.benchmark.bootstrap_seed)]
    notes = (cell.culture.note, people.note, *(note for h in heard for note in h.model.notes))
    return ProtocolRecord(
        method=cell.choices["method"],
        culture=cell.culture.name,
        country=cell.culture.country,
        iso3=cell.culture.iso3,
        model=cell.model.name,
        seed=cell.seed,
        survey=f"{cell.survey.title} ({cell.survey.year})",
        block=knobs.block_name(cell.benchmark.split),
        respondents=len(people.systems),
        real=people.answers is not None,
        resampling=asdict(cell.benchmark.resampling),
        figures=tuple(figure for side in every for figure in _figures(side, truth, chart, knobs, cell)),
        batteries={item.id: item.battery for item in block},
        truth={item.id: tuple(truth.shares(item).tolist()) for item in people.items},
        answers={side.label: {i.id: tuple(side.own[i.id][0].tolist()) for i in block} for side in sides},
        chart=chart,
        places={side.label: _point(chart, side, asked) for side in sides} if chart else {},
        notes=tuple(dict.fromkeys(note for note in notes if note)),
        warning=cell.survey.warning,
    )


def _figures(side: Side, truth: Truth, chart: Chart | None, knobs: Pass, cell: Cell) -> Iterator[Figure]:
    bootstrap = cell.benchmark.resampling
    yield from national(side, truth, bootstrap)
    yield from distances(chart, side, truth)
    yield from crowd(side, truth, knobs.epsilon, knobs.kl_clca_compat, bootstrap)
    yield from persons(side, truth, bootstrap)


def _side(heard: Heard, knobs: Pass, people: Panel, asked: Sequence[Item]) -> Side:
    table = heard.stage.path / "responses"
    own = read_own(table)
    found = chosen(table, people.items, len(people.systems), knobs.refused_below)
    masses = option_mass(own)
    mass = min(sum(masses.values()) / len(masses), found.mass)
    note = f"option mass {mass:.2f}: the figure is about format" if mass < knobs.refused_below else ""
    return model_side(heard.label, distributions(own, asked), found.choices, people.items, note)


def _point(chart: Chart, side: Side, items: Sequence[Item]) -> tuple[float, float]:
    (x, y), *_ = chart.place(side.own, items)
    return float(x), float(y)
