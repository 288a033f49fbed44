"""One cell from start to end: align, respond, score; the method with its baselines and its control."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench import plugins
from alignbench.aligned import AlignedModel
from alignbench.backend import STEERLESS, Backend
from alignbench.component import recorded
from alignbench.evaluation.catalogue import of_plugins
from alignbench.evaluation.items import BASE, Kind
from alignbench.evaluation.survey import Scoring
from alignbench.identity import canonical
from alignbench.progress import say
from alignbench.record.cell import MARKS, CellRecord
from alignbench.runs.cell import Cell
from alignbench.runs.curve import CheckpointScores
from alignbench.runs.describe import Contender, ContenderAnswers, DamageCheck, describe
from alignbench.runs.recipe import Setting
from alignbench.runs.stages import Respond, Samples
from alignbench.steps.texts import wordings
from alignbench.store.code import code_in
from alignbench.store.manifest import write_json
from alignbench.store.stage import Artifact, Stage, Tools
from alignbench.store.store import State
from alignbench.types import PromptPolicy, Split, check

_SAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Score(Stage):
    """The record of a cell: every row on the same items, with intervals and provenance."""

    name = "score"

    setting: Setting
    answered: tuple[ContenderAnswers, ...]
    elsewhere: tuple[DamageCheck, ...]
    samples: Samples | None
    curve: CheckpointScores | None
    notes: tuple[str, ...]
    # Metric of a plugin -> digest of its code: all of them are scored.
    added: Mapping[str, str]
    config: Mapping[str, Any] = recorded(None)

    def build(self, folder: Path, tools: Tools) -> None:
        """Score everything on the items that the culture was asked."""
        write_json(folder / "config.json", {**self.config, "changed": self.setting.changed})
        shown = (self.samples, self.curve, self.notes)
        record = describe(self.setting, self.answered, self.elsewhere, *shown, tools, folder)
        record.save(folder)


def compare(cell: Cell) -> tuple[CellRecord, Artifact]:
    """Align and question everything that this cell compares, and put it on one board.

    Stages that exist are reused; the record is itself a stage, so a finished cell loads no model.
    """
    score = score_of(cell)
    if cell.store.find(score) is None:
        for row in score.answered:
            say(row.label)
            for stage in (row.responses, *row.forms.values()):
                cell.store.get(stage)
        for asked in score.elsewhere:
            say(f"{asked.culture.country}, before and after")
            for stage in (asked.before, asked.after):
                cell.store.get(stage)
        if score.curve:
            say("checkpoints")
            cell.store.get(score.curve)
    found = cell.store.get(score)
    return CellRecord.load(found.path), found


def score_of(cell: Cell) -> Score:
    """The stage that holds everything that the cell asks; nothing is built."""
    answered = tuple(
        ContenderAnswers(
            **vars(row),
            responses=_asked(cell, row.model, cell.scoring),
            forms={name: _asked(cell, row.model, form) for name, form in cell.scoring.forms.items()},
        )
        for row in contenders(cell)
    )
    curve = _curve(cell, answered)
    notes = [cell.culture.note, *cell.survey.notes, *(note for row in answered for note in row.model.notes)]
    if curve and Split.test in curve.surveys:
        notes += MARKS.values()
    return Score(
        setting=cell.setting,
        answered=answered,
        elsewhere=tuple(_elsewhere(cell, answered)),
        samples=_samples(cell, answered),
        curve=curve,
        notes=tuple(dict.fromkeys(note for note in notes if note)),
        added={name: code_in([m.__name__]).digest for name, m in of_plugins(plugins.loaded()).items()},
        config=cell.config,
    )


def contenders(cell: Cell) -> Iterator[Contender]:
    """Base, the method, the method as made for the control culture, then the other baselines.

    After a model that has learnt and that is prompted comes the base model given the same prompt: only against
    that row does it show what was learnt.

    Raises:
        AlignbenchError: a model is steered, and the backend cannot.
    """
    baselines = {canonical(method): name for name, method in cell.baselines.items()}
    own = baselines.pop(canonical(cell.method), cell.choices["method"])
    context = cell.context(cell.culture)
    yield Contender(kind="base", model=cell.baselines[BASE].align(context))
    if own != BASE:
        yield from _with_prompted(cell.backend, "method", cell.method.align(context), own)
        if cell.control is not None:
            there = cell.method.in_place_of(cell.culture, cell.control).align(cell.context(cell.control))
            yield from _with_prompted(cell.backend, "control", there, own, cell.control.country)
    for name in baselines.values():
        if name not in (BASE, own):
            yield from _with_prompted(cell.backend, "method", cell.baselines[name].align(context), name)


def _with_prompted(
    backend: Backend, kind: Kind, model: AlignedModel, method: str, country: str | None = None
) -> Iterator[Contender]:
    check(backend.steers or model.steering is None, "backend", type(backend).__name__, f"{method}: {STEERLESS}")
    yield Contender(kind=kind, model=model, method=method, country=country)
    if model.learnt and model.is_prompted:
        prompted: Kind = "prompted" if kind == "method" else "prompted_control"
        yield Contender(kind=prompted, model=model.prompted_base, method=method, country=country)


def _asked(cell: Cell, model: AlignedModel, scoring: Scoring) -> Respond:
    return Respond(model, cell.asked.items, scoring.asking, scoring.chunk)


def _elsewhere(cell: Cell, answered: tuple[ContenderAnswers, ...]) -> Iterator[DamageCheck]:
    """Base and aligned model under the prompt of each other culture; none where nothing was learnt."""
    own = next((row.model for row in answered if row.kind == "method"), None)
    if own is None or own.learnt is None:
        return
    for culture in cell.others:
        aligned = replace(own, policy=PromptPolicy(wordings(culture)))
        pair = (_asked(cell, model, cell.scoring) for model in (aligned.prompted_base, aligned))
        yield DamageCheck(culture, *pair)


def _samples(cell: Cell, answered: tuple[ContenderAnswers, ...]) -> Samples | None:
    """A few test questions, for base and method."""
    before, *after = [row.model for row in answered if row.kind in ("base", "method")]
    if not after or cell.choices["method"] in cell.baselines:
        return None
    batteries = {item.battery: item for item in cell.surveys[Split.test].asked(cell.culture.iso3)}
    return Samples(before, after[0], tuple(batteries.values())[:_SAMPLES])


def _curve(cell: Cell, answered: tuple[ContenderAnswers, ...]) -> CheckpointScores | None:
    """The checkpoints of the method's training, where they are kept."""
    own = next((row.model for row in answered if row.kind == "method"), None)
    if own is None or own.training is None or not cell.training.keep_checkpoints:
        return None
    splits = (Split.validation, *([Split.test] if cell.scoring.checkpoints_on_test else []))
    iso3 = cell.culture.iso3
    surveys = {split: cell.surveys[split] for split in splits if cell.surveys[split].asked(iso3)}
    return CheckpointScores(own, surveys, iso3, cell.scoring)


@dataclass(frozen=True)
class Step:
    """A stage of a plan: the row that asks for it first (``record`` where all have answered), and how it stands."""

    label: str
    stage: Stage
    key: str
    state: State


def plan(cell: Cell) -> list[Step]:
    """Every stage of ``cell``, each once and after those that it reads; all are done once the record is."""
    score, labels = score_of(cell), dict[str, str]()
    for row in score.answered:
        for asked in (row.responses, *row.forms.values()):
            for stage in asked.chain:
                labels.setdefault(stage.recipe, row.label)
    finished = cell.store.find(score) is not None
    return [
        Step(labels.get(s.recipe, "record"), s, cell.store.key(s), State.done if finished else cell.store.state(s))
        for s in score.chain
    ]
