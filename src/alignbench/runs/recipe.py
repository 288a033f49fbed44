"""What a command changed in the components it chose: how variants of one method are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from alignbench.component import Component, plain
from alignbench.embedder import Embedder
from alignbench.generator import Generator, slots
from alignbench.generator.base import BaseModel
from alignbench.store.key import canonical
from alignbench.types import AlignedModel

# What can change what is learnt: group -> where its choice stands among the choices of a command.
GROUPS = {name: name for name in ("method", "training", "judge", "author", "generator", "embedder")}
GROUPS["critic"] = "generator@critic"
# Group -> stages of a method's chain that show it was used; a method's own knobs always count.
_USED_BY = {
    "training": {"fit"},
    "judge": {"calibrate", "opinions"},
    "author": {"mine", "abstract", "distil"},
    "generator": {"roleplay", "intents", "augment", "debate", "opinions", "questions"},
    "critic": {"judge", "opinions"},
    "embedder": {"norms", "calibrate", "mine"},
}


def changed(components: Mapping[str, Component], choices: Mapping[str, str], folders: Sequence[Path]) -> dict[str, str]:
    """``<group>.<knob>`` -> value, of every knob that differs from what its choice sets by itself.

    A slot of a language model counts as changed where another model than the base fills it, and its value is the name
    of that model.

    Args:
        components: by group, those of :data:`GROUPS`.
        choices: group -> chosen YAML, as on the command line.
        folders: config folders, the user's own first.
    """
    found = {}
    for group, own in components.items():
        if not isinstance(own, Generator):
            usual = _usual(type(own), group, choices.get(GROUPS[group]), folders)
            # As it was asked for, not as it came out (training.dtype=auto).
            knobs = {
                k: plain(getattr(own, k)) for k, v in own.parts.items() if k != "class" and not isinstance(v, Mapping)
            }
            found.update({f"{group}.{k}": _text(v) for k, v in knobs.items() if v != usual.get(k, v)})
        found.update({slot.place: slot.title for slot in slots(own) if not isinstance(slot, BaseModel)})
    return found


def used(model: AlignedModel, embedder: Embedder) -> set[str]:
    """The groups that had a part in ``model``: in its stages, or in the texts of its prompts."""
    found = {"method", *(group for group, stages in _USED_BY.items() if stages & model.provenance.keys())}
    return found | ({"embedder"} if embedder.fingerprint in canonical(model.policy.parts) else set())


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
