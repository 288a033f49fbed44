"""Every protocol on one cell: base and method, one pass of responses each, and the sanity rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.backend.render import Renderer
from alignbench.data.languages import TRANSLATED, phrases
from alignbench.evaluation.items import BASE
from alignbench.evaluation.survey import distributions, option_mass, unread
from alignbench.protocols import inglehart_welzel
from alignbench.protocols.chart import Chart, chart_of, distances
from alignbench.protocols.figure import Figure, Side, Truth, model_side, references
from alignbench.protocols.interviews import Interview, Interviewees, interviewees
from alignbench.protocols.persons import persons
from alignbench.protocols.recipe import Pass
from alignbench.protocols.record import ProtocolRecord
from alignbench.protocols.shares import crowd, national
from alignbench.runs.cell import Cell
from alignbench.runs.compare import contenders
from alignbench.runs.describe import Contender
from alignbench.runs.recipe import Setting
from alignbench.runs.stages import Respond
from alignbench.steps.block import Translated, translated
from alignbench.store.stage import Artifact, Stage, Tools
from alignbench.types import Item, Split


@dataclass(frozen=True)
class ModelPass:
    """A model's pass of responses.

    Attributes:
        alone: answers under the method's own prompt, shared with other runs.
    """

    label: str
    alone: tuple[Respond, ...]
    interview: Interview

    def side(self, tools: Tools, refused_below: float) -> Side:
        """What the protocols score."""
        own, people = pd.concat([stage.table(tools) for stage in self.alone]), self.interview.people
        choices, mass = self.interview.chosen(tools, refused_below)
        masses, lost = option_mass(own), unread(own)
        mass = min(mass, sum(masses.values()) / len(masses)) if lost is None else 1 - lost
        what = f"option mass {mass:.2f}" if lost is None else f"{lost:.0%} of the replies could not be read"
        note = f"{what}: the figure is about format" if mass < refused_below else ""
        asked = [item for stage in self.alone for item in stage.items]
        return model_side(self.label, distributions(own, asked), choices, people.items, note)


@dataclass(frozen=True, kw_only=True)
class Measurement(Stage):
    """Base and method under every protocol.

    Attributes:
        asked: the items of the block; ``mapped`` are further ones that the map rests on.
        seen: ids of items that methods may have learnt from.
    """

    name = "protocols"

    setting: Setting
    knobs: Pass
    passes: tuple[ModelPass, ...]
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
        cell, people = self.setting, self.passes[0].interview.people
        every = (*self.asked, *self.mapped)
        truth = Truth(
            survey=replace(cell.survey, items=every),
            iso3=cell.culture.iso3,
            items=people.items,
            seen=self.seen,
            people=people.answers,
            respondents=len(people.systems),
            bootstrap=cell.scoring.resampling,
        )
        sides = [one.side(tools, self.knobs.refused_below) for one in self.passes]
        on_map = inglehart_welzel.held(cell.survey)
        individuals = cell.source.individuals(inglehart_welzel.QUESTIONS) if on_map else None
        chart = chart_of(cell.survey, self.asked, individuals)
        compared = [*sides, *references(truth, cell.scoring.ceiling_n)]
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
            figures=tuple(figure for side in compared for figure in _figures(side, truth, chart, self.knobs)),
            batteries={item.id: item.battery for item in self.asked},
            truth={item.id: tuple(truth.shares(item).tolist()) for item in people.items},
            answers={side.label: {i.id: tuple(side.own[i.id][0].tolist()) for i in self.asked} for side in sides},
            chart=chart,
            places={side.label: tuple(chart.place(side.own, every)[0].tolist()) for side in sides} if chart else {},
            notes=(*self.notes, *self._unread(sides), *Renderer.of(cell.model).template.notes),
            warning=cell.survey.warning,
        )

    def _unread(self, sides: Sequence[Side]) -> list[str]:
        """How many answers in writing could not be read, a sentence a model."""
        return [
            f"{side.label}: {np.mean(side.choices < 0):.1%} of the written answers could not be read."
            for one, side in zip(self.passes, sides, strict=True)
            if one.interview.written and side.choices is not None
        ]


def measure(cell: Cell, knobs: Pass) -> tuple[ProtocolRecord, Artifact]:
    """Ask base and method, and score both by every protocol. Stages that exist are reused.

    Raises:
        AlignbenchError: an item that the survey does not hold, a block that it does not have.
    """
    block = knobs.asked(cell.surveys, cell.survey, cell.scoring.split)
    people = interviewees(cell, block, knobs)
    known = {item.id for item in block}
    names = inglehart_welzel.held(cell.survey)
    mapped = tuple(cell.survey.item(name) for name in names if name not in known)
    models = [row for row in contenders(cell) if row.kind in ("base", "method")]
    compared = models[: 1 if cell.choices["method"] == BASE else 2]
    language = cell.culture.language if knobs.native else "en"
    for item in block:
        translated(item, language)  # refused here, before weights load
    passes = tuple(_asked(cell, row, people, (block, mapped), knobs, language) for row in compared)
    sizes = cell.survey.sizes(cell.culture.iso3, block)
    notes = (cell.culture.note, sizes, people.note, *(note for one in passes for note in one.interview.model.notes))
    stage = Measurement(
        setting=cell.setting,
        knobs=knobs,
        passes=passes,
        block=knobs.block_name(cell.scoring.split, cell.scoring.elicit),
        asked=block,
        mapped=mapped,
        seen=frozenset(i.id for split in (Split.train, Split.validation) for i in cell.surveys[split].items),
        notes=tuple(dict.fromkeys(note for note in notes if note)),
    )
    found = cell.store.get(stage)
    return ProtocolRecord.load(found.path), found


def _asked(
    cell: Cell,
    row: Contender,
    people: Interviewees,
    blocks: Sequence[tuple[Item, ...]],
    knobs: Pass,
    language: str,
) -> ModelPass:
    label = BASE if row.kind == "base" else cell.choices["method"]
    asking, chunk = cell.scoring.asking, cell.scoring.chunk
    model = _translated(row.model, language)
    # The items of the map, which are not all translated, are asked in English.
    asked = zip((model, row.model), blocks, strict=True)
    alone = tuple(Respond(one, items, asking, chunk) for one, items in asked if items)
    return ModelPass(label, alone, Interview(model, people, *knobs.interviewing(asking), chunk))


def _translated(model: AlignedModel, language: str) -> AlignedModel:
    """The model asked in a language, its own system texts as they are."""
    if language == "en":
        return model
    policy, note = model.policy, TRANSLATED.format(language=phrases(language).name)
    asked = Translated(reasoning=policy.reasoning, language=language, own=policy)
    return replace(model, policy=asked, notes=tuple(dict.fromkeys((*model.notes, note))))


def _figures(side: Side, truth: Truth, chart: Chart | None, knobs: Pass) -> Iterator[Figure]:
    yield from _pooled(side, truth, knobs)
    yield from distances(chart, side, truth)
    yield from persons(side, truth)
    for part, items in knobs.parts(truth.items, truth.seen).items():
        for figure in _pooled(side, replace(truth, items=items), knobs):
            yield replace(figure, part=part)


def _pooled(side: Side, truth: Truth, knobs: Pass) -> Iterator[Figure]:
    yield from national(side, truth)
    yield from crowd(side, truth, knobs.epsilon, knobs.kl_clca_compat)
