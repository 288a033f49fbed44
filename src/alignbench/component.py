"""What a configurable class is: a frozen dataclass whose fields are its knobs."""

from __future__ import annotations

from dataclasses import field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, Self


class Component:
    """Base of everything that a YAML in ``conf/`` configures.

    A subclass is a frozen dataclass. Its fields are the schema of its YAML (typed at compose), and
    the fields not marked :func:`recorded` are its identity in stage keys.
    """

    @property
    def parts(self) -> dict[str, Any]:
        """JSON-able identity: the class and every knob that changes meaning."""
        meaning = {
            f.name: plain(getattr(self, f.name))
            for f in fields(self)  # type: ignore[arg-type]
            if not f.metadata.get("recorded") and not (f.metadata.get("added") and getattr(self, f.name) == f.default)
        }
        return {"class": type(self).__name__, **meaning}

    def with_knobs(self, **knobs: Any) -> Self:
        """The same component with some knobs changed."""
        return replace(self, **knobs)  # type: ignore[type-var]


def recorded(default: Any) -> Any:
    """A knob that is written into manifests but never hashed (batch size, device, paths)."""
    return field(default=default, metadata={"recorded": True})


def added(default: Any) -> Any:
    """A knob younger than stages that are stored: hashed only off its default, so that those keep their keys."""
    return field(default=default, metadata={"added": True})


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: components by their parts, enums by name, paths as text, tuples as lists."""
    if isinstance(value, Component):
        return value.parts
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
