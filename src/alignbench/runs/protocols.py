"""Every protocol on one cell: base and method, one pass of responses each, and the sanity rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.aligned import AlignedModel
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
from alignbench.report.protocols.record import ProtocolRecord
from alignbench.runs.answered import BASE, Contender
from alignbench.runs.cell import Cell
from alignbench.runs.compare import contenders
from alignbench.runs.interviews import Interview, Panel, panel
from alignbench.runs.setting import Setting
from alignbench.runs.stages import Respond
from alignbench.store.artifact import Artifact
from alignbench.store.stage import Stage
from alignbench.tools import Tools
from alignbench.types import Item, Split


@dataclass(frozen=True)
class Heard:
    """A model and its pass of responses."""

    label: str
    model: AlignedModel
    interview: Interview


@dataclass(frozen=True, kw_only=True)
class Protocols(Stage):
    """Base and method under every protocol.

    Attributes:
        asked: the items of the block; ``mapped`` are further ones that the map rests on.
        seen: ids of items that methods may have learnt from.
    """

    name = "protocols"

    setting: Setting
    knobs: Pass
    heard: tuple[Heard, ...]
    people: Panel
    block: str
    asked: tuple[Item, ...]
    mapped: tuple[Item, ...]
    seen: frozenset[str]
    notes: tuple[str, ...]

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Score both."""
        record = self._scored(tools)
        record.save(folder)
        return {"figures": len(record.figures)}

    def _scored(self, tools: Tools) -> ProtocolRecord:
        cell, people = self.setting, self.people
        every = (*self.asked, *self.mapped)
        truth = Truth(
            survey=replace(cell.survey, items=every),
            iso3=cell.culture.iso3,
            items=people.items,
            seen=self.seen,
            people=people.answers,
            respondents=len(people.systems),
        )
        sides = [_side(h, h.interview.table(tools), self.knobs, people, every) for h in self.heard]
        on_map = inglehart_welzel.held(cell.survey)
        chart = chart_of(
            cell.survey, self.asked, cell.source.individuals(inglehart_welzel.QUESTIONS) if on_map else None
        )
        compared = [*sides, *references(truth, cell.scoring.ceiling_n, cell.scoring.bootstrap_seed)]
        return ProtocolRecord(
            method=cell.choices["method"],
            culture=cell.culture.name,
            country=cell.culture.country,
            iso3=cell.culture.iso3,
            model=cell.model.name,
            seed=cell.seed,
            survey=f"{cell.survey.title} ({cell.survey.year})",
            block=self.block,
            respondents=len(people.systems),
            real=people.answers is not None,
            resampling=cell.scoring.resampling,
            figures=tuple(figure for side in compared for figure in _figures(side, truth, chart, self.knobs, cell)),
            batteries={item.id: item.battery for item in self.asked},
            truth={item.id: tuple(truth.shares(item).tolist()) for item in people.items},
            answers={side.label: {i.id: tuple(side.own[i.id][0].tolist()) for i in self.asked} for side in sides},
            chart=chart,
            places={side.label: tuple(chart.place(side.own, every)[0].tolist()) for side in sides} if chart else {},
            notes=self.notes,
            warning=cell.survey.warning,
        )


def protocols(cell: Cell, knobs: Pass) -> tuple[ProtocolRecord, Artifact]:
    """Ask base and method, and score both by every protocol. Stages that exist are reused.

    Raises:
        AlignbenchError: an item that the survey does not hold, a block that it does not have.
    """
    block = knobs.asked(cell.surveys, cell.survey, cell.scoring.split)
    people = panel(cell, block, knobs.respondents, knobs.people_seed)
    known = {item.id for item in block}
    names = inglehart_welzel.held(cell.survey)
    mapped = tuple(cell.survey.item(name) for name in names if name not in known)
    heard = tuple(_heard(cell, row, people, (block, mapped)) for row in _compared(cell))
    notes = (cell.culture.note, people.note, *(note for h in heard for note in h.model.notes))
    stage = Protocols(
        setting=cell.setting,
        knobs=knobs,
        heard=heard,
        people=people,
        block=knobs.block_name(cell.scoring.split),
        asked=block,
        mapped=mapped,
        seen=frozenset(i.id for split in (Split.train, Split.validation) for i in cell.surveys[split].items),
        notes=tuple(dict.fromkeys(note for note in notes if note)),
    )
    found = cell.store.get(stage)
    return ProtocolRecord.load(found.path), found


def _compared(cell: Cell) -> list[Contender]:
    """The base model, and the method unless it is the same."""
    rows = list(contenders(cell))
    own = [row for row in rows if row.kind == "method"]
    return [rows[0], *own[: int(cell.choices["method"] != BASE)]]


def _heard(cell: Cell, row: Contender, people: Panel, blocks: Sequence[tuple[Item, ...]]) -> Heard:
    label = BASE if row.kind == "base" else cell.choices["method"]
    knobs = cell.scoring
    alone = tuple(Respond(row.model, items, knobs.asking, knobs.chunk) for items in blocks if items)
    return Heard(label, row.model, Interview(row.model, alone, people, knobs.asking, knobs.chunk))


def _figures(side: Side, truth: Truth, chart: Chart | None, knobs: Pass, cell: Setting) -> Iterator[Figure]:
    bootstrap = cell.scoring.resampling
    yield from national(side, truth, bootstrap)
    yield from distances(chart, side, truth)
    yield from crowd(side, truth, knobs.epsilon, knobs.kl_clca_compat, bootstrap)
    yield from persons(side, truth, bootstrap)


def _side(heard: Heard, table: Path, knobs: Pass, people: Panel, asked: Sequence[Item]) -> Side:
    own = read_own(table)
    found = chosen(table, people.items, len(people.systems), knobs.refused_below)
    masses = option_mass(own)
    mass = min(sum(masses.values()) / len(masses), found.mass)
    note = f"option mass {mass:.2f}: the figure is about format" if mass < knobs.refused_below else ""
    return model_side(heard.label, distributions(own, asked), found.choices, people.items, note)
