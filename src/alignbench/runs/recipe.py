"""What a command changed in the components it chose: how variants of one method are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from alignbench.component import Component, plain
from alignbench.config import instantiate

# Groups whose knobs can change what is learnt.
GROUPS = ("method", "training", "judge", "author", "generator", "critic", "embedder")


def changed(cfg: DictConfig, choices: Mapping[str, str], folders: Sequence[Path]) -> dict[str, str]:
    """``<group>.<knob>`` -> value, of every knob that differs from what its choice sets by itself.

    Args:
        choices: group -> chosen YAML, as on the command line.
        folders: config folders, the user's own first.
    """
    found = {}
    for group in GROUPS:
        own: Component = instantiate(cfg[group])
        usual = _usual(type(own), group, choices.get(group), folders)
        found.update({f"{group}.{k}": _text(v) for k, v in own.parts.items() if k != "class" and v != usual.get(k, v)})
    return found


def _usual(cls: type, group: str, choice: str | None, folders: Sequence[Path]) -> dict[str, Any]:
    """Knobs as the choice alone sets them: the class's defaults under those of its YAML."""
    usual = {f.name: plain(f.default) for f in fields(cls) if f.default is not MISSING}
    path = next((p for folder in folders if (p := folder / group / f"{choice}.yaml").is_file()), None)
    given = OmegaConf.to_container(OmegaConf.load(path)) if path else {}
    assert isinstance(given, dict)
    return usual | {str(k): v for k, v in given.items()}


def _text(value: Any) -> str:
    """As it would be typed; lists joined by a plus."""
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)
