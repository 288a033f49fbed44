"""Records of finished stages: frozen dataclasses of plain values, kept as one JSON file each."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Self, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from alignbench.errors import AlignbenchError
from alignbench.files import read_object
from alignbench.progress import say
from alignbench.store.artifact import MANIFEST
from alignbench.store.manifest import write_json
from alignbench.types import check

R = TypeVar("R", bound="Stored")
Manifest: TypeAlias = Mapping[str, Any]
_FILE = "record.json"
# What a stage with a record was called in earlier versions.
_FORMER = {"benchmark": ("beside",)}
_REMEDY = "this is not a record of this version; run the cell again"


class Stored:
    """A dataclass that is kept as JSON, which has no NaN: null stands for it where the field is a plain float."""

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists; NaN and infinities are None."""
        return dict(_plain(asdict(self)))  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The record in ``data``.

        Raises:
            AlignbenchError: a field is missing or unknown.
        """
        try:
            found: Self = _as(cls, data)
        except (AttributeError, KeyError, TypeError) as error:
            raise AlignbenchError("record", str(error), _REMEDY) from error
        return found

    def save(self, folder: Path) -> None:
        """Leave it in the folder of a stage."""
        write_json(folder / _FILE, self.to_json())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What :meth:`save` left there; errors as in :meth:`from_json`."""
        return cls.from_json(json.loads((folder / _FILE).read_text(encoding="utf-8")))


def records(
    store: Path, stage: str, kind: type[R], wanted: Callable[[Manifest], bool] | None = None
) -> list[tuple[Path, Manifest, R]]:
    """Folder, manifest and record of every finished stage of that name, the oldest first.

    What cannot be read is left out after a line for each file; what is of an earlier version (its manifest knows no
    ``scoring``, or its record has other fields) after one line that counts.

    Args:
        wanted: whether to read the record at all; None reads all.
    """
    found, earlier = [], 0
    for folder in (folder for name in (stage, *_FORMER.get(stage, ())) for folder in store.glob(f"{name}/*")):
        if not folder.is_dir() or folder.suffix == ".partial":
            continue
        manifest = read_object(folder / MANIFEST)
        if manifest is None or (wanted and not wanted(manifest)):
            continue
        if (data := read_object(folder / _FILE)) is None:
            continue
        try:
            check("scoring" in manifest.get("inputs", {}).get("setting", {}), "record", str(folder), _REMEDY)
            found.append(((folder / _FILE).stat().st_mtime, folder, manifest, kind.from_json(data)))
        except AlignbenchError:
            earlier += 1
    if earlier:
        are, remedy = ("cell is", "its command") if earlier == 1 else ("cells are", "their commands")
        say(f"{earlier} {are} of an earlier version of alignbench: issue {remedy} again")
    return [stored[1:] for stored in sorted(found, key=lambda stored: stored[0])]


_types = cache(get_type_hints)


def _as(kind: Any, value: Any) -> Any:
    """``value`` of JSON as a field of this type wants it."""
    if kind in (str, int, bool, Any):
        return value
    if value is None:
        return math.nan if kind is float else None
    if hasattr(kind, "__dataclass_fields__"):
        return kind(**{name: _as(_types(kind)[name], held) for name, held in value.items()})
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:  # something, or None
        return _as(inner[0], value)
    if origin is tuple:
        return tuple(_as(inner[0], held) for held in value)
    if origin is Mapping:
        return {key: _as(inner[1], held) for key, held in value.items()}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
