"""The record of a finished cell: numbers, items, pictures, provenance, and how each figure is to be read."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from alignbench import plugins
from alignbench.aligned import AlignedModel
from alignbench.backend.render import Renderer
from alignbench.data.published import exposure
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.board import HALVES, Row, rows, scored, scored_twice
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.items import BASE, ITEMS, BoardEntry, Kind, format_scores, label_of, to_table
from alignbench.evaluation.score import score_responses
from alignbench.evaluation.statistics import POWER, paired
from alignbench.evaluation.survey import LogBase, Scoring, distributions, option_mass, written
from alignbench.generator import IndependentModel
from alignbench.record.cell import (
    ONE_FORM,
    CellFacts,
    CellRecord,
    DamageRecord,
    InputRecord,
    ItemRecord,
    PoolRecord,
    Sample,
)
from alignbench.runs.curve import CheckpointScores
from alignbench.runs.recipe import GROUPS, Setting, lineage, used
from alignbench.runs.stages import Respond, Samples
from alignbench.store.code import code_under
from alignbench.store.manifest import plain
from alignbench.store.stage import Stage, Tools
from alignbench.training.recipe import Select
from alignbench.types import Culture, Split


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An aligned model with its role in the comparison.

    Attributes:
        kind: its role, see :class:`~alignbench.evaluation.items.BoardEntry`.
        method: name of the method that it serves; None for the base.
        country: the control's country, of what is made for it.
    """

    kind: Kind
    model: AlignedModel
    method: str | None = None
    country: str | None = None

    @property
    def label(self) -> str:
        """Name of its row."""
        return label_of(self.kind, self.method or BASE, self.country)


@dataclass(frozen=True, kw_only=True)
class ContenderAnswers(Contender):
    """A contender and the stages of its answers to the survey's items.

    Attributes:
        forms: the answers to the same items in further forms, by the form's name.
    """

    responses: Respond
    forms: Mapping[str, Respond] = field(default_factory=dict)

    def entry(self, survey: Survey, iso3: str, control: str | None, knobs: Scoring, tools: Tools) -> BoardEntry:
        """What stands on the board of the country; ``control`` is the control's, if there is one."""
        frames = {name: stage.table(tools) for name, stage in {"": self.responses, **self.forms}.items()}
        own, mass = distributions(frames[""], survey.items), option_mass(frames[""])
        replies = written(frames[""], knobs.elicit is Elicit.sampled)
        scores = [scored_twice(own, mass, survey, iso3, control, knobs, replies)]
        formats = format_scores(frames, survey, iso3, knobs)
        key = tools.key(self.responses)
        return BoardEntry(self.label, self.kind, scores, key, self.method, self.country, formats)


@dataclass(frozen=True)
class DamageCheck:
    """The base and the aligned model prompted as another culture: what alignment damaged there."""

    culture: Culture
    before: Respond
    after: Respond


def describe(
    cell: Setting,
    answered: Sequence[ContenderAnswers],
    elsewhere: Sequence[DamageCheck],
    samples: Samples | None,
    curve: CheckpointScores | None,
    notes: Sequence[str],
    tools: Tools,
    folder: Path,
) -> CellRecord:
    """Score everything on the items that the culture was asked, and gather what a reader needs to know of it.

    Args:
        folder: where pictures go, and ``items.parquet``: every row's score of every item.
    """
    survey, iso3 = cell.asked, cell.culture.iso3
    control = cell.control.iso3 if cell.control else None
    entries = [a.entry(survey, iso3, control, cell.scoring, tools) for a in answered]
    panel = None if cell.culture.shares else cell.source.panel(iso3)
    board = scored(entries, survey, iso3, cell.scoring, panel)
    to_table(board).to_parquet(folder / ITEMS, index=False)
    found = rows(board, cell.scoring.resampling)
    own = next((a.model for a in answered if a.kind == "method"), answered[0].model)
    about = [stage for stage in lineage(own)[0] if getattr(stage, "iso3", iso3) == iso3]
    stages = {stage.name: stage for stage in about}
    remarks = [*_elicited(cell.scoring), *_cut_thoughts(answered, tools), *_unread(answered, tools)]
    remarks += [remark for stage in about for remark in tools.facts(stage).get("remarks", ())]
    shown = (survey.sizes(iso3, survey.items), *notes, *remarks, *Renderer.of(cell.model).template.notes)
    kind = "distance" if cell.scoring.js_sqrt else "divergence"
    form = "" if cell.scoring.elicit is Elicit.label else f", elicit={cell.scoring.elicit.name}"
    return CellRecord(
        cell=cell_facts(cell, own),
        title=f"{cell.choices['method']} for {cell.culture.country} on {cell.model.name}{form}",
        score_name=f"1 - Jensen-Shannon {kind} (base {'e' if cell.scoring.js_base is LogBase.e else 2})",
        rows=tuple(found),
        warning=cell.survey.warning,
        notes=tuple(filter(None, shown)),
        items=_items(cell, board),
        judge_check=tools.facts(stages["judge_check"]) if "judge_check" in stages else None,
        history=_history(own, curve, tools),
        pool=_pool(stages["norms"], tools, folder) if "norms" in stages else None,
        samples=_sample_rows(cell, samples, tools) if samples else (),
        elsewhere=tuple(_damage(cell, e, tools) for e in elsewhere),
        provenance=(*_inputs(cell, answered), *_stages(answered, tools)),
        exposure=exposure(cell.survey, survey.asked(iso3)),
        reading=reading(cell, found, _held(survey, answered)),
    )


def _history(own: AlignedModel, curve: CheckpointScores | None, tools: Tools) -> tuple[Mapping[str, Any], ...] | None:
    """What was logged in training, with the scores of checkpoints."""
    file = tools.folder(own.training) / "history.json" if own.training else None
    if file is None or not file.is_file():
        return None
    history = json.loads(file.read_text(encoding="utf-8"))
    return tuple(curve.joined(history, tools) if curve else history)


def _cut_thoughts(answered: Sequence[ContenderAnswers], tools: Tools) -> list[str]:
    """The sentence that says how many thoughts did not come to an end by themselves, where a model has its own."""
    shares = {a.label: tools.facts(a.responses).get("unclosed_share") for a in answered}
    said = ", ".join(f"{label} {share:.1%}" for label, share in shares.items() if share is not None)
    return [f"Thoughts that did not end by themselves within method.thought_tokens: {said}."] if said else []


def _unread(answered: Sequence[ContenderAnswers], tools: Tools) -> list[str]:
    """The sentence that says how many replies could not be read, where models write them."""
    shares = {a.label: tools.facts(a.responses).get("unread_share") for a in answered}
    said = ", ".join(f"{label} {share:.1%}" for label, share in shares.items() if share is not None)
    rule = "They are left out; a question without any other counts as even shares."
    return [f"Replies that could not be read: {said}. {rule}"] if said else []


def cell_facts(cell: Setting, model: AlignedModel) -> CellFacts:
    """What was run, for any report.

    Args:
        model: what the method made; choices and changes are named if they had a part in it.
    """
    groups = used(model)
    choices = {g: cell.choices[at] for g, at in GROUPS.items() if g in groups - {"method"} and at in cell.choices}
    # Every knob of the method, and who judged and wrote, so that each table names its recipe.
    choosers = {name: chosen for name, chosen in choices.items() if name != "training"}
    knobs = {knob: str(plain(value)) for knob, value in cell.method.knobs.items()}
    return CellFacts(
        method=cell.choices["method"],
        culture=cell.culture.name,
        country=cell.culture.country,
        model=cell.model.name,
        seed=cell.seed,
        survey=f"{cell.survey.title} ({cell.survey.year})",
        split=cell.scoring.split.name,
        training=choices.get("training"),
        labels={**knobs, **choosers, "backend": cell.choices["backend"]},
        changed={knob: value for knob, value in cell.changed.items() if knob.partition(".")[0] in groups},
        choices=choices,
        elicit=cell.scoring.elicit.name,
    )


def _damage(cell: Setting, elsewhere: DamageCheck, tools: Tools) -> DamageRecord:
    """Scores of both models against the other culture's own shares, paired by item."""
    survey, iso3 = cell.asked, elsewhere.culture.iso3
    before, after = (
        score_responses(stage.table(tools), survey, iso3, cell.scoring) for stage in (elsewhere.before, elsewhere.after)
    )
    change = paired(after["js"], before["js"], before["battery"].tolist(), cell.scoring.resampling).within(-1.0, 1.0)
    asked, means = elsewhere.culture, (before["js"].mean(), after["js"].mean())
    return DamageRecord(asked.country, *means, change.value, change.low, change.high, asked.name)


def _items(cell: Setting, board: Sequence[BoardEntry]) -> tuple[ItemRecord, ...]:
    survey, iso3 = cell.asked, cell.culture.iso3
    shown = [entry for entry in board if entry.kind != "reference"]
    models = {entry.label: entry.column("distribution") for entry in shown}
    scores = {entry.label: entry.column("js") for entry in shown}
    return tuple(
        ItemRecord(
            id=item.id,
            battery=item.battery,
            question=item.question,
            options=item.options,
            survey=survey.of(iso3)[item.id].shares,
            models={label: tuple(shares[item.id]) for label, shares in models.items()},
            scores={label: values[item.id] for label, values in scores.items()},
            scale=item.scale.name,
        )
        for item in survey.asked(iso3)
    )


def _pool(source: Stage, tools: Tools, folder: Path) -> PoolRecord:
    from alignbench.norms.pool import NormPool

    shutil.copy(tools.folder(source) / "pool.png", folder / "pool.png")
    rows = NormPool.load(tools.folder(source)).table().to_dict("records")
    return PoolRecord("pool.png", tuple({str(k): v for k, v in row.items()} for row in rows))


def _sample_rows(cell: Setting, samples: Samples, tools: Tools) -> tuple[Sample, ...]:
    found = []
    for item, row in zip(samples.items, samples.rows(tools), strict=True):
        shares = cell.survey.of(cell.culture.iso3)[item.id].shares
        norm = item.statement(item.level(int(np.argmax(shares))), f"People in {cell.culture.country}")
        found.append(Sample(item.question, norm, row["before"], row["after"]))
    return tuple(found)


def _inputs(cell: Setting, answered: Sequence[ContenderAnswers]) -> Iterator[InputRecord]:
    """Survey, model, and the embedders, further models and plugins that had a part in any row."""
    survey, model = cell.survey, cell.model
    yield InputRecord("survey", survey.title, survey.year, survey.licence, survey.citation, survey.fingerprint)
    yield InputRecord("model", model.name, model.dtype, model.licence, None, model.fingerprint)
    components = [component for row in answered for _, component in lineage(row.model)[1]]
    for embedder in {c.fingerprint: c for c in components if isinstance(c, Embedder)}.values():
        yield InputRecord("embedder", type(embedder).__name__, licence=embedder.licence, key=embedder.fingerprint)
    for other in {c.title: c for c in components if isinstance(c, IndependentModel)}.values():
        yield InputRecord("model that writes or judges", other.title, licence=other.licence)
    stages = [stage for row in answered for stage in lineage(row.model)[0]]
    parts = {type(part).__module__: None for part in (cell.method, cell.source, *components, *stages)}
    for plugin in dict.fromkeys(filter(None, map(plugins.plugin_of, parts))):
        digest = code_under(plugin.folder).digest
        yield InputRecord("plugin", plugin.name, plugin.version or str(plugin.folder), key=digest)


def _stages(answered: Sequence[ContenderAnswers], tools: Tools) -> Iterator[InputRecord]:
    """The stages that each row rests on, its responses last."""
    for row in answered:
        for stage in (*lineage(row.model)[0], row.responses):
            yield InputRecord(stage.name, stage.name, key=tools.key(stage), row=row.label)


def reading(cell: Setting, rows: Sequence[Row], held: bool) -> tuple[str, ...]:
    """Sentences; the first four are for every table (``CellRecord.reading_of_tables``).

    Args:
        held: whether the shares of an item that is scored are an input of any row.
    """
    confidence = cell.scoring.confidence
    lines = [
        f"Intervals are {confidence:.0%} bootstrap intervals over item batteries: they cover the choice of questions,"
        " not the chance in training (run several seeds: the board's intervals cover both), nor the form of the"
        " questions.",
        f"The minimum detectable effect is the true difference that is found with a chance of {POWER:.0%} at a level"
        f" of {1 - confidence:.0%}. A difference that is not clear of zero says nothing about smaller ones.",
        _selection(cell.training.select),
        *([] if cell.control is None else [_specificity(cell, cell.control, rows)]),
        _format(rows),
        "Skill is 0 for uniform answers and 1 for a fresh sample of the country's own respondents.",
        f"All rows are scored on the {cell.scoring.split.name} items that the country was asked. {_seen(cell, held)}",
    ]
    if any(row.kind == "prompted" for row in rows):
        lines.append(
            "A trained model that is prompted when it is asked is compared with the base model given the same prompt:"
            " the difference is what its weights learnt. Its difference to the unprompted base holds what the prompt"
            " brings, too."
        )
    if any(row.label == HALVES for row in rows):
        lines.append(
            "Half of the respondents, scored against the other half (mean of 200 ways to halve them), is what people"
            " reach with half the sample: below the fresh sample, which is drawn from the shares themselves."
        )
    if cell.others:
        lines.append("Other countries are asked for in ten wordings, before and after: a fall is damage.")
    return tuple(lines)


def _elicited(scoring: Scoring) -> list[str]:
    """How the answers were taken, where it was not by the probability of labels."""
    said = {
        Elicit.text: "options are scored by the probability of their full wording.",
        Elicit.verbalised: "the model writes how many of 100 people where it lives would give each answer. The "
        "question names no country.",
        Elicit.sampled: f"every prompt is answered {scoring.samples} times at temperature 1, and the answers are "
        "counted. Scores and entropies are corrected for the number of draws; the chance in the draws differs from "
        "question to question, so that the intervals cover it.",
    }
    return [f"With elicit={scoring.elicit.name}, {said[scoring.elicit]}"] if scoring.elicit in said else []


def _held(asked: Survey, answered: Sequence[ContenderAnswers]) -> bool:
    """Whether a stage of any row holds the shares of an item that is scored."""
    scored_items = {item.id for item in asked.items}
    inputs = (value for row in answered for stage in lineage(row.model)[0] for _, value in stage.held)
    surveys = (value for value in inputs if isinstance(value, Survey))
    return any(not scored_items.isdisjoint(item.id for item in survey.items) for survey in surveys)


def _seen(cell: Setting, held: bool) -> str:
    """What methods knew of the items that are scored."""
    split = cell.scoring.split
    if split is Split.test:
        return "No method saw an item of their batteries."
    if split is Split.train:
        return (
            "Methods that train or mine norms have seen these very items with their shares: scores say how well they"
            " were learnt, not how they carry over to other questions."
        )
    if held:
        return (
            "No method was trained on them, but the country's shares of them chose what stands here: a checkpoint, or"
            " the knobs of a method that trains nothing."
        )
    return "No method was trained on an item of their batteries, and nothing was chosen by them."


def _selection(select: Select) -> str:
    """Which checkpoint stands for a training, and what that choice has seen."""
    if select is Select.last:
        return "Every training exports its last checkpoint (training.select=last), so that none saw validation items."
    return (
        "Every training exports the checkpoint that fits the country's validation items best (training.select="
        "validation): their shares are an input of every method that trains."
    )


def _specificity(cell: Setting, control: Culture, rows: Sequence[Row]) -> str:
    own, other = cell.culture.country, control.country
    beyond = (
        ", less the same of the base model given the same prompt" if any(r.kind == "prompted" for r in rows) else ""
    )
    made = cell.method.made_for_control(cell.culture, control)
    return (
        f"Specificity is the interaction of model and survey: how much better the models for {own} and {other} fit"
        f" their own country's survey than each other's{beyond}. What a method gains on both surveys alike (format,"
        f" position, spread) is shared with the control, and cancels. The control is {made}."
    )


def _format(rows: Sequence[Row]) -> str:
    formats = next((tuple(row.formats) for row in rows if row.formats), ())
    if len(formats) < 2:
        return ONE_FORM
    return (
        f"Format is half the range of a row's score over {len(formats)} formats ({', '.join(formats)}); a difference "
        "smaller than the larger one of the two rows' is not separable from format. It has no interval."
    )
