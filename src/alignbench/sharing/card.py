"""The card of a shared model, written from the record and the manifests alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.evaluation.catalogue import METRICS
from alignbench.identity import identity
from alignbench.report.numbers import KEY, change, number, of
from alignbench.report.verdict import verdict
from alignbench.sharing.found import ShareableCell
from alignbench.store.manifest import plain
from alignbench.templates import templates

# The columns of the scores.
_FIGURES = ("score", "skill", "difference", "p_value", "specificity")
_TEMPLATES = templates(Path(__file__).parent / "templates")
_TEMPLATES.filters.update(number=number, cell=lambda text: str(text).replace("|", r"\|"))
_TEMPLATES.globals.update(change=change, of=of, metrics=METRICS, key=KEY, figures=_FIGURES)
# Licences that the hub knows by these names; any other is "other" there, and named in full in the card.
_HUB_LICENCES = ("apache-2.0", "mit", "llama3.1", "cc-by-4.0")


@dataclass(frozen=True)
class FolderContents:
    """What lies in the folder.

    Attributes:
        base: what the base model is called to others; ``on_hub`` if that is a hub id.
        kind: adapter, full or prompts.
        merged: whether ``merged/`` is there.
        speaks: whether a prompt policy belongs to the model, ``withheld`` if its texts may not be passed on.
    """

    name: str
    base: str
    on_hub: bool
    kind: str
    merged: bool
    speaks: bool
    withheld: bool


def card(found: ShareableCell, shared: FolderContents) -> str:
    """The text of README.md."""
    cell, record = found.cell, found.record
    licence, model = cell.model.licence.lower(), found.config["knobs"]["model"]
    text = _TEMPLATES.get_template("card.md.jinja").render(
        shared=shared,
        cell=record.cell,
        record=record,
        verdict=verdict(record),
        licence=licence if licence in _HUB_LICENCES else "other",
        adjective=cell.culture.adjective,
        tags=["cultural-alignment", "alignbench", record.cell.method, record.cell.culture],
        sources=[s for s in record.provenance if s.licence or s.citation],
        recipe=recipe(found),
        stages=found.stages.values(),
        command=command(found),
        manifest=found.stage.manifest,
        citations=[text for text in (found.cell.survey.citation, str(model.get("citation") or "")) if text],
    )
    return f"{text}\n"


def recipe(found: ShareableCell) -> dict[str, dict[str, str]]:
    """Knobs of the method and of the training, and the plain facts of every stage, each by name."""
    parts = {"method": plain(found.cell.method.knobs), "asking": identity(found.cell.scoring.asking)}
    if "fit" in found.stages:
        parts["training"] = found.stages["fit"].manifest["inputs"]["training"]
    for name, stage in found.stages.items():
        facts = {k: v for k, v in stage.facts.items() if isinstance(v, str | int | float | bool)}
        parts[f"stage {name} ({stage.key})"] = facts
    return {name: {k: public(v) for k, v in knobs.items() if k != "class"} for name, knobs in parts.items()}


def command(found: ShareableCell) -> str:
    """The command line that made the cell, without what is not its meaning."""
    apart = ("task", "store=", "reports=", "tracking", "hydra")
    words = [public(word) for word in found.config["overrides"] if not word.lstrip("+~").startswith(apart)]
    return " ".join(["python -m alignbench", *words])


def public(value: Any) -> str:
    """``value`` as text; of a path on this machine only the last part."""
    text = ", ".join(map(public, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, Mapping):
        text = ", ".join(f"{k} {public(v)}" for k, v in value.items())
    return re.sub(r"(?<![\w.:/])[~/][^\s,]*/([^\s,/]+)", r"\1", text)
