"""What makes a value the same value: the one place that spells identities, for the keys of stages.

A value is its content. A dataclass is its class and its fields, but for those marked :func:`recorded`; what is too
large to spell out (weights, a survey) has a property ``identity`` with a hash of its content.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import field, fields, is_dataclass
from enum import Enum
from typing import Any

_LENGTH = 16


def recorded(default: Any) -> Any:
    """A field that is written into records and never hashed: it changes no result (batch size, device, paths)."""
    return field(default=default, metadata={"recorded": True})


def added(default: Any) -> Any:
    """A field that came after results were stored: at its default it is no part of the identity, so these keep theirs.

    The default must mean what was done before there was the field.
    """
    return field(default=default, metadata={"added": True})


def identity(value: Any) -> Any:
    """``value`` as JSON that is equal for equal values; a whole float is the same as its integer.

    Raises:
        TypeError: a value of this kind has no identity, so it cannot be an input of a stage.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(key): identity(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [identity(held) for held in value]
    if isinstance(value, set | frozenset):
        return sorted(map(canonical, value))
    if (own := getattr(value, "identity", None)) is not None:
        return identity(own)
    if is_dataclass(value):
        return spelt_out(value)
    raise TypeError(f"{type(value).__name__} has no identity: it cannot be an input of a stage")


def spelt_out(value: Any) -> dict[str, Any]:
    """The class of a dataclass and its fields, but for the recorded ones and what :func:`added` leaves out."""
    usual = {known.name: known.default for known in fields(value) if known.metadata.get("added")}
    told = ((name, held) for name, held in inputs(value) if name not in usual or held != usual[name])
    return {"class": type(value).__name__, **{name: identity(held) for name, held in told}}


def inputs(value: Any) -> Iterator[tuple[str, Any]]:
    """Name and value of the fields of a dataclass that decide what it is."""
    for known in fields(value):
        if not known.metadata.get("recorded"):
            yield known.name, getattr(value, known.name)


def walk(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every dataclass that ``value`` holds, with the name of the field that it stands in; itself included.

    What has an identity by its content is not looked into.
    """
    if isinstance(value, Mapping):
        for held in value.values():
            yield from walk(held, name)
    elif isinstance(value, list | tuple | set | frozenset):
        for held in value:
            yield from walk(held, name)
    elif is_dataclass(value) and not isinstance(value, type):
        yield name, value
        if not hasattr(value, "identity"):
            for field_name, held in inputs(value):
                yield from walk(held, field_name)


def canonical(value: Any) -> str:
    """The identity as canonical JSON: sorted keys, no blanks, NaN refused."""
    return json.dumps(identity(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any, length: int = _LENGTH) -> str:
    """Hexadecimal digits that name the value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]
