"""Files that other programs read: written whole or not at all, and read with one line on what is wrong with them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

from alignbench.escaping import cell
from alignbench.progress import say
from alignbench.redaction import redacted

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` when the block ends well.

    A reader sees the old file or the new one, never half of it: after an error, such as a full disk, the old one stays.
    """
    partial = path.with_name(f".{os.getpid()}.{get_ident()}.{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def written(folder: Path, pattern: str) -> list[Path]:
    """Files of ``folder`` that match, sorted; not those that :func:`replacing` was writing when it was killed."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 and without keys, by way of :func:`replacing`; halves of a character become ``?``."""
    with replacing(path) as partial:
        partial.write_text(redacted(text), encoding="utf-8", errors="replace")


def write_table(path: Path, frame: "pd.DataFrame") -> None:
    """Write ``frame`` without its index, as CSV or Parquet by the path's suffix, by way of :func:`replacing`.

    A CSV may be opened in a spreadsheet, so that texts in it are :func:`~alignbench.escaping.cell`.
    """
    with replacing(path) as partial:
        if path.suffix == ".csv":
            frame.rename(columns=cell).map(cell).to_csv(partial, index=False)
        else:
            frame.to_parquet(partial, index=False)


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in ``path``; None after one line that names it if it is missing, empty, cut or something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"it holds a {type(found).__name__}, not an object")
    except (OSError, ValueError) as error:
        leave_out(path, error)
        return None
    return found


def leave_out(path: Path, error: Exception) -> None:
    """Say once that ``path`` could not be read and is left out."""
    missing = "it is missing" if isinstance(error, FileNotFoundError) else None
    empty = "it is empty" if path.is_file() and not path.stat().st_size else None
    reason = missing or empty or (str(error).splitlines() or [type(error).__name__])[0]
    _say_once(f"left out: {path} ({reason})")


@cache
def _say_once(text: str) -> None:
    say(text)
