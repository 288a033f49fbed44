"""What a finished folder holds, file by file: written down when it is closed, and compared when it is used.

A disk that flips a bit, a copy that was cut or a file that somebody edited must not become a figure. A stage's manifest
holds the list; sizes are compared wherever the stage is looked up, contents before anything rests on it, once in a
process unless a file's time changes. Files that came later, such as a note on an upload, are nobody's figures and are
not looked at.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

MANIFEST = "manifest.json"
# Path below the folder -> "bytes" and "sha256".
Listing: TypeAlias = Mapping[str, Mapping[str, Any]]


def listing(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and checksum of every file below ``folder``, but for those that a killed writer left half written."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): _entry(path) for path in found if path != folder / MANIFEST}


def difference(folder: Path, files: Listing, contents: bool = True) -> str | None:
    """In words, the first file that is not as it was listed; None where all are.

    Args:
        contents: compare what stands in the files, too; else their sizes alone.
    """
    for name, entry in files.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if (size := file.stat().st_size) != entry["bytes"]:
            return f"{name} holds {size:,} bytes, and was written with {entry['bytes']:,}"
        if contents and _entry(file) != entry:
            return f"{name} has changed since it was written"
    return None


def sealed(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A manifest with its folder's ``files``, and a ``seal`` over all the rest of it."""
    whole = {**record, "files": listing(folder)}
    return {**whole, "seal": _seal(whole)}


def damage(folder: Path, record: Mapping[str, Any], contents: bool = True) -> str | None:
    """In words, what of a finished stage is no longer as it was written; None where all is.

    A manifest of a version that wrote no seal tells nothing, and counts as sound.

    Args:
        contents: as for :func:`difference`.
    """
    if (seal := record.get("seal")) is None:
        return None
    if _seal({name: value for name, value in record.items() if name != "seal"}) != seal:
        return f"{MANIFEST} has changed since it was written"
    return difference(folder, record["files"], contents)


def _entry(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"bytes": found.st_size, "sha256": _digest(path, found.st_size, found.st_mtime_ns)}


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    """SHA-256 of a file of that size and time, read once in a process."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _seal(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
