"""The stage of a probe: its figures from the answers that were given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.statistics import Bootstrap
from alignbench.evaluation.survey import distributions
from alignbench.probe import figures
from alignbench.probe.design import design
from alignbench.probe.figures import FormRead, Sensitivity, Shares
from alignbench.probe.questions import Asked, FormAsked, asked, counted
from alignbench.probe.recipe import Names, Probing
from alignbench.probe.record import ProbeRecord
from alignbench.probe.verdict import verdict
from alignbench.progress import say
from alignbench.runs.cell import Cell
from alignbench.store.stage import Artifact, Stage, Tools
from alignbench.types import Split

# Of answers that are counted from so many draws, a form is worth a glance only where it reads this share. Our choice.
_LEAST_READ = 0.05
_LABELS = {
    "letters": "letters in place of numbers",
    "numbers": "numbers in place of letters",
    "reworded": "another frame",
}


@dataclass(frozen=True, kw_only=True)
class Probe(Stage):
    """What a model shows when it is told the names of some countries.

    Attributes:
        countries: names of the countries, in the order of ``asked.iso3s``.
        sets: set of questions -> its batteries, for the design.
        questions: what was asked, in words.
    """

    name = "probe"

    knobs: Probing
    bootstrap: Bootstrap
    asked: Asked
    elicit: Elicit
    countries: tuple[str, ...]
    sets: Mapping[str, int]
    questions: str
    survey: str
    notes: tuple[str, ...]
    warning: str | None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Read all answers and judge."""
        record = self._record(tools)
        record.save(folder)
        return {"verdict": record.verdict}

    def _record(self, tools: Tools) -> ProbeRecord:
        items, batteries = self.asked.items, {item.id: item.battery for item in self.asked.items}
        people: Shares = {
            item.id: np.array([self.asked.truth[iso3][item.id] for iso3 in self.asked.iso3s]) for item in items
        }
        base = self.asked.base.table(tools)
        tables = [stage.table(tools) for stage in self.asked.told]
        told = figures.stacked(tables, items)
        found = figures.direction(told, people, batteries, self.bootstrap, self.knobs.permutations)
        theirs = float(np.mean([figures.apart(shares) for shares in people.values()]))
        strange = figures.stacked([stage.table(tools) for stage in self.asked.nonsense], items)
        nonsense = float(np.mean([figures.apart(shares) for shares in strange.values()])) / theirs
        mass_told = float(np.mean([figures.read_share(table, items) for table in tables]))
        judged, reasons = verdict(mass_told, found, nonsense, self.knobs, self.bootstrap.confidence)
        forms = tuple(self._form(form, people, tools) for form in self.asked.elicits)
        return ProbeRecord(
            model=self.asked.base.model.base.name,
            survey=self.survey,
            countries=self.countries,
            asked=self.questions,
            items=len(items),
            batteries=len(set(batteries.values())),
            called="" if self.knobs.names is Names.own else ", ".join(self.asked.called),
            elicit=self.elicit.name,
            mass=figures.read_share(base, items),
            mass_told=mass_told,
            people=theirs,
            direction=found,
            nonsense=nonsense,
            nonsense_names=self.asked.strange,
            pair=tuple(self.countries[place] for place in self.asked.pair),
            elicits=forms,
            reads_most=_most(forms),
            sensitivity=tuple(self._moved(base, tools)),
            design=tuple(design(told, people, batteries, self.sets, self.knobs.seed_variance, self.bootstrap)),
            verdict=judged.value,
            reasons=tuple(reasons),
            notes=self.notes,
            warning=self.warning,
        )

    def _form(self, form: FormAsked, people: Shares, tools: Tools) -> FormRead:
        """What one form of taking an answer shows, told two countries."""
        if not form.told:
            return FormRead(form.elicit.name, why=form.refused)
        items = form.told[0].items
        tables = [stage.table(tools) for stage in form.told]
        model = figures.stacked(tables, items)
        pair = {item.id: people[item.id][list(self.asked.pair)] for item in items}
        batteries = {item.id: item.battery for item in items}
        read = float(np.mean([figures.read_share(table, items) for table in tables]))
        both = (model, pair, batteries, self.bootstrap)
        return FormRead(form.elicit.name, read, figures.shown(*both), figures.correlation(*both))

    def _moved(self, base: pd.DataFrame, tools: Tools) -> list[Sensitivity]:
        """How far the untold model's answers move with order, labels and frame."""
        items, found = self.asked.items, []
        if self.asked.orders:
            there, back = figures.by_order(base, items)
            found.append(Sensitivity("order of the options", figures.between(there, back, items, self.bootstrap)))
        own = distributions(base, items)
        for name, stage in self.asked.forms.items():
            other = distributions(stage.table(tools), items)
            found.append(Sensitivity(_LABELS[name], figures.between(own, other, items, self.bootstrap)))
        return found


def _most(forms: Sequence[FormRead]) -> tuple[str, ...]:
    """The form that shows most of people's differences and those that are not told apart from it; none if none does."""
    shown = {f.elicit: f.shown for f in forms if f.shown and f.shown.low > 0 and (f.read or 0) >= _LEAST_READ}
    best = max((found.value for found in shown.values()), default=0.0)
    return tuple(name for name, found in shown.items() if found.high >= best)


def probe(cell: Cell, knobs: Probing, folders: tuple[Path, ...]) -> tuple[ProbeRecord, Artifact]:
    """Ask and judge; stages that exist are reused, so that a finished probe loads no model.

    Args:
        folders: where culture YAMLs lie.

    Raises:
        AlignbenchError: as :func:`~alignbench.probe.questions.asked` does; the backend gives no log-probabilities.
    """
    found = asked(cell, knobs, folders)
    sets = counted(cell, found.iso3s)
    here = len({item.battery for item in found.items})
    stage = Probe(
        knobs=knobs,
        bootstrap=cell.scoring.resampling,
        asked=found,
        elicit=cell.scoring.elicit,
        countries=tuple(cell.countries[iso3] for iso3 in found.iso3s),
        sets={"probe": here, **{name: sets[name][1] for name in (Split.test.name, "all")}},
        questions=_questions(found, knobs),
        survey=f"{cell.survey.title} ({cell.survey.year})",
        notes=cell.survey.notes,
        warning=cell.survey.warning,
    )
    if cell.store.find(stage) is None:
        said = ""
        for label, answers in found.stages:
            if label != said:
                say(label)
            said = label
            cell.store.get(answers)
    artifact = cell.store.get(stage)
    return ProbeRecord.load(artifact.path), artifact


def _questions(found: Asked, knobs: Probing) -> str:
    """How many questions of what, in words."""
    batteries = len({item.battery for item in found.items})
    names = {Split.train: "training", Split.validation: "validation"}
    splits = " and ".join(names[split] for split in knobs.splits)
    return f"{len(found.items)} questions from {batteries} {splits} batteries and none from a test battery"
