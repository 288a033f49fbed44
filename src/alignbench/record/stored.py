"""Records of finished stages: frozen dataclasses of plain values, kept as one JSON file each."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Self, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from alignbench.errors import AlignbenchError
from alignbench.files import leave_out, read_object
from alignbench.progress import say
from alignbench.store.manifest import plain, write_json
from alignbench.store.seal import MANIFEST, damage
from alignbench.store.store import stored
from alignbench.types import check

R = TypeVar("R", bound="StoredRecord")
Manifest: TypeAlias = Mapping[str, Any]
_FILE = "record.json"
# What a stage with a record was called in earlier versions.
_FORMER = {"benchmark": ("beside",)}
_REMEDY = "this is not a record of this version; run the cell again"


class StoredRecord:
    """A dataclass that is kept as JSON; null is read as NaN where the field is a plain float.

    Attributes:
        schema: to be raised where the meaning of a field changes and its name does not; other changes are found by it.
    """

    schema: ClassVar[int] = 2

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists with the number of the schema; a number that is not there is None."""
        return {"schema": self.schema, **plain(asdict(self))}  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The record in ``data``.

        Raises:
            AlignbenchError: it is of another schema, or a field is missing or unknown.
        """
        schema = data.get("schema")
        check(schema == cls.schema, "record.schema", schema, _REMEDY)
        try:
            found: Self = _as(cls, {name: value for name, value in data.items() if name != "schema"})
        except (AttributeError, KeyError, TypeError) as error:
            raise AlignbenchError("record", str(error), _REMEDY) from error
        return found

    def save(self, folder: Path) -> None:
        """Leave it in the folder of a stage."""
        write_json(folder / _FILE, self.to_json())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What :meth:`save` left there.

        Raises:
            AlignbenchError: as in :meth:`from_json`, or the file cannot be read.
        """
        data = read_object(folder / _FILE)
        if data is None:
            remedy = "it cannot be read: delete its folder and run the cell again"
            raise AlignbenchError("record", str(folder / _FILE), remedy)
        return cls.from_json(data)


def manifests(store: Path, stage: str) -> Iterator[tuple[Path, Manifest]]:
    """Folder and manifest of every finished stage of that name; one that cannot be read is left out after one line."""
    for folder in (artifact.path for artifact in stored(store, stage)):
        manifest = read_object(folder / MANIFEST)
        if manifest is not None and _whole(folder, manifest, contents=False):
            yield folder, manifest


def records(
    store: Path, stage: str, kind: type[R], wanted: Callable[[Manifest], bool] | None = None
) -> list[tuple[Path, Manifest, R]]:
    """Folder, manifest and record of every finished stage of that name, the oldest first.

    What cannot be read is left out after a line for each file; what is of an earlier version after one line that
    counts.

    Args:
        wanted: whether to read the record at all; None reads all.
    """
    found, earlier = [], 0
    for folder, manifest in (kept for name in (stage, *_FORMER.get(stage, ())) for kept in manifests(store, name)):
        if (wanted and not wanted(manifest)) or not _whole(folder, manifest):
            continue
        if (data := read_object(folder / _FILE)) is None:
            continue
        try:
            found.append(((folder / _FILE).stat().st_mtime, folder, manifest, kind.from_json(data)))
        except AlignbenchError:
            earlier += 1
    if earlier:
        are, remedy = ("cell is", "its command") if earlier == 1 else ("cells are", "their commands")
        say(f"{earlier} {are} of an earlier version of alignbench: issue {remedy} again")
    return [stored[1:] for stored in sorted(found, key=lambda stored: stored[0])]


def _whole(folder: Path, manifest: Manifest, contents: bool = True) -> bool:
    """Whether a stage is as it was written; said in a line if not."""
    if reason := damage(folder, manifest, contents):
        leave_out(folder, ValueError(f"{reason}: issue its command again"))
    return reason is None


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
