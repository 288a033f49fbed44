"""The card of an exported cell: what the record says, as text for people and as ``model-index`` for the hub."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.evaluation.catalogue import METRICS, metrics
from alignbench.identity import identity
from alignbench.missing import known
from alignbench.record.cell import BenchmarkRecord, CellRecord, benchmarks_of, finished_benchmarks
from alignbench.report.numbers import KEY, change, number, of
from alignbench.report.verdict import verdict
from alignbench.sharing.found import ShareableCell
from alignbench.store.manifest import plain
from alignbench.templates import templates

# The columns of the scores, and those of them that the hub is told.
_FIGURES = ("score", "skill", "difference", "p_value", "specificity")
_INDEXED = ("score", "skill", "difference", "specificity")
_TEMPLATES = templates(Path(__file__).parent / "templates")
_TEMPLATES.filters.update(number=number, cell=lambda text: str(text).replace("|", r"\|"))
_TEMPLATES.globals.update(change=change, of=of, metrics=METRICS, key=KEY, figures=_FIGURES)
# Licences that the hub knows by these names; any other is "other" there, and named in full in the card.
_HUB_LICENCES = ("apache-2.0", "mit", "llama3.1", "cc-by-4.0", "gemma")


@dataclass(frozen=True)
class Shared:
    """What lies in the folder.

    Attributes:
        name: of the folder.
        base: what the base model is called to others; ``on_hub`` if that is a hub id.
        kind: adapter, full, steering or prompts.
        merged: whether ``merged/`` is there.
        speaks: whether a prompt policy belongs to the model; ``withheld`` if its texts may not be passed on.
        terms: files with the base model's terms.
        template: file with the chat template that was declared; empty without one.
    """

    name: str
    base: str
    on_hub: bool
    kind: str
    merged: bool
    speaks: bool
    withheld: bool
    terms: tuple[str, ...] = ()
    template: str = ""


def card(found: ShareableCell, shared: Shared) -> str:
    """The text of README.md, from the record and the manifests alone."""
    cell, record = found.cell, found.record
    text = _TEMPLATES.get_template("card.md.jinja").render(
        shared=shared,
        metadata=metadata(found, shared),
        cell=record.cell,
        record=record,
        verdict=verdict(record),
        adjective=cell.culture.adjective,
        sources=[s for s in record.provenance if s.licence or s.citation],
        recipe=recipe(found),
        command=command(found.config["overrides"]),
        manifest=found.stage.manifest,
        citations=[
            text for text in (cell.survey.citation, str(found.config["knobs"]["model"].get("citation") or "")) if text
        ],
    )
    return f"{text}\n"


_LIBRARIES = {"adapter": "peft", "full": "transformers"}


def metadata(found: ShareableCell, shared: Shared) -> str:
    """What the hub reads of a card, in YAML, the results of the aligned model among it."""
    from huggingface_hub import ModelCardData

    facts, licence = found.record.cell, str(found.config["knobs"]["model"].get("licence", "")).lower()
    asked = benchmarks_of(facts, finished_benchmarks(found.cell.store.root))
    relation = {"base_model_relation": "adapter"} if shared.kind == "adapter" else {}
    data = ModelCardData(
        base_model=shared.base if shared.on_hub else None,
        library_name=_LIBRARIES.get(shared.kind),
        license=licence if licence in _HUB_LICENCES else "other",
        tags=["cultural-alignment", "alignbench", facts.method, facts.culture],
        model_name=shared.name,
        eval_results=[
            *_of_survey(found.record, found.config["choices"]["survey"]),
            *_of_benchmarks(facts.culture, asked),
        ],
        **relation,
    )
    return str(data.to_yaml())


def _of_survey(record: CellRecord, survey: str) -> Iterator[Any]:
    """The headline's figures as the hub's results; bounds stand among a metric's arguments, having no place there."""
    from huggingface_hub import EvalResult

    row, facts = record.headline, record.cell
    asked = {"country": facts.country, "items": row.items, "batteries": row.batteries, "seed": facts.seed}
    for name in _INDEXED:
        value, low, high = row.figure(name)
        if value is not None:
            yield EvalResult(
                **_TASK,
                dataset_type=survey,
                dataset_name=facts.survey,
                dataset_config=facts.culture,
                dataset_split=facts.split,
                dataset_args=asked,
                metric_type=name,
                metric_name=metrics()[name].title,
                metric_value=value,
                metric_args=_bounds(low, high),
            )


def _of_benchmarks(culture: str, asked: Sequence[BenchmarkRecord]) -> Iterator[Any]:
    from huggingface_hub import EvalResult

    for record in asked:
        for line in record.lines:
            if line.kind == "method" and line.label == record.cell.method and known(line.value.value) is not None:
                yield EvalResult(
                    **_TASK,
                    dataset_type=record.benchmark,
                    dataset_name=record.benchmark,
                    dataset_config=culture,
                    dataset_args={"items": line.n},
                    metric_type=line.metric,
                    metric_name=f"{line.metric} ({line.facets})" if line.facets else line.metric,
                    metric_value=line.value.value,
                    metric_args=_bounds(known(line.value.low), known(line.value.high)),
                )


_TASK = {"task_type": "text-generation", "task_name": "Answers to closed questions"}


def _bounds(low: float | None, high: float | None) -> dict[str, float] | None:
    return None if low is None or high is None else {"low": low, "high": high}


def recipe(found: ShareableCell) -> dict[str, dict[str, str]]:
    """Knobs of the method and of the training, and the plain facts of every stage, each by name."""
    parts = {"method": plain(found.cell.method.knobs), "asking": identity(found.cell.scoring.asking)}
    if "fit" in found.stages:
        parts["training"] = found.stages["fit"].manifest["inputs"]["training"]
    for name, stage in found.stages.items():
        facts = {k: v for k, v in stage.facts.items() if isinstance(v, str | int | float | bool)}
        parts[f"stage {name} ({stage.key})"] = facts
    return {name: {k: public(v) for k, v in knobs.items() if k != "class"} for name, knobs in parts.items()}


def command(overrides: Sequence[str]) -> str:
    """The command line that made the cell of these overrides, without what is not its meaning."""
    apart = ("task", "store=", "reports=", "tracking", "hydra")
    words = [public(word) for word in overrides if not word.lstrip("+~").startswith(apart)]
    return shlex.join(["python", "-m", "alignbench", *words])


def public(value: Any) -> str:
    """``value`` as text; of a path on this machine only the last part."""
    text = ", ".join(map(public, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, Mapping):
        text = ", ".join(f"{k} {public(v)}" for k, v in value.items())
    return re.sub(r"(?<![\w.:/])[~/][^\s,]*/([^\s,/]+)", r"\1", text)
