"""What a comparison is about, and what a command changed in its components: what tells variants of a method apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from alignbench.aligned import AlignedModel
from alignbench.component import Component
from alignbench.data.source import SurveySource
from alignbench.data.survey import Survey
from alignbench.evaluation.survey import Scoring
from alignbench.generator import Generator, slots
from alignbench.generator.base import BaseModel
from alignbench.identity import walk
from alignbench.method import Method
from alignbench.record.cell import slug
from alignbench.store.manifest import plain
from alignbench.store.stage import Stage
from alignbench.training import Training
from alignbench.types import Culture, ModelRef


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The part of a cell that its record rests on, besides the answers.

    Attributes:
        choices: group -> name of the choice, as on the command line.
        control: the culture whose figures serve as control; None if switched off.
        others: cultures that the aligned model is prompted as afterwards, to see what it forgot.
        survey: the survey, whole; ``asked`` is the split that is asked.
        changed: knobs that differ from their choice's own; see :mod:`alignbench.runs.recipe`.
    """

    choices: Mapping[str, str]
    method: Method
    culture: Culture
    control: Culture | None
    others: tuple[Culture, ...]
    model: ModelRef
    source: SurveySource
    survey: Survey
    asked: Survey
    scoring: Scoring
    training: Training
    seed: int
    changed: Mapping[str, str]

    @property
    def slug(self) -> str:
        """Name of the cell's page."""
        form = self.scoring.elicit.name
        return slug(self.choices["method"], self.culture.name, self.model.name, self.seed, self.changed, form)

    @property
    def setting(self) -> Setting:
        """This part alone."""
        return Setting(**{known.name: getattr(self, known.name) for known in fields(Setting)})


# What can change what is learnt: group -> where its choice stands among the choices of a command.
GROUPS = {name: name for name in ("method", "training", "judge", "author", "generator", "embedder")}
GROUPS["critic"] = "generator@critic"


def changed(components: Mapping[str, Component], choices: Mapping[str, str], folders: Sequence[Path]) -> dict[str, str]:
    """``<group>.<knob>`` -> value, of every knob that differs from what its choice sets by itself.

    A slot of a language model counts as changed where another model than the base fills it, and its value is the name
    of that model.

    Args:
        choices: group -> chosen YAML, as on the command line.
        folders: config folders, the user's own first.
    """
    found = {}
    for group, own in components.items():
        if not isinstance(own, Generator):
            usual = _usual(type(own), group, choices.get(GROUPS[group]), folders)
            knobs = {k: plain(v) for k, v in own.knobs.items() if not isinstance(v, Component)}
            found.update({f"{group}.{k}": _text(v) for k, v in knobs.items() if v != usual.get(k, v)})
        found.update({slot.place: slot.title for slot in slots(own) if not isinstance(slot, BaseModel)})
    return found


def used(model: AlignedModel) -> set[str]:
    """The groups that had a part in ``model``: in its stages, or in the texts of its prompts.

    A generator that fills the slot of another component (``judge.generator``) belongs to that one's group.
    """
    found = lineage(model)[1]
    inner = {id(slot) for _, own in found if not isinstance(own, Generator) for slot in slots(own)}
    return {"method", *(name for name, own in found if name in GROUPS and id(own) not in inner)}


def lineage(model: AlignedModel) -> tuple[list[Stage], list[tuple[str, Component]]]:
    """The stages that a model rests on, each once and after those that it reads, and the components in them."""
    held = list(walk(model))
    stages = {s.recipe: s for _, stage in held if isinstance(stage, Stage) for s in stage.chain}
    held += [pair for stage in stages.values() for pair in stage.held]
    return list(stages.values()), [(name, value) for name, value in held if isinstance(value, Component)]


def _usual(cls: type, group: str, choice: str | None, folders: Sequence[Path]) -> dict[str, Any]:
    """Knobs as the choice alone sets them: the class's defaults under those of its YAML."""
    usual = {f.name: plain(f.default) for f in fields(cls) if f.default is not MISSING}
    path = next((p for folder in folders if (p := folder / group / f"{choice}.yaml").is_file()), None)
    return usual | (_given(path) if path else {})


@cache
def _given(path: Path) -> dict[str, Any]:
    given = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(given, dict)
    return {str(k): v for k, v in given.items()}


def _text(value: Any) -> str:
    """As it would be typed; lists joined by a plus."""
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)
