"""Checks at the door: a table that is wrong is refused with file, row, column and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from alignbench.errors import AlignbenchError
from alignbench.types import check

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

T = TypeVar("T")
# Faults that one message lists.
_LISTED = 20
_HEADER_ROWS = 2  # Row 1 of a file is its header, so index 0 of a frame is row 2.
_REMEDIES = {
    "not_nullable": "fill in this field",
    "multiple_fields_uniqueness": "this row repeats an earlier one; keep one of them",
}


class Faults:
    """What is wrong with a file, gathered so that one message says all of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[AlignbenchError] = []

    def note(self, read: Callable[..., T], *given: Any) -> T | None:
        """What ``read`` returns; None where it raises an :class:`AlignbenchError`, which is kept."""
        try:
            return read(*given)
        except AlignbenchError as error:
            self._found.append(error)
            return None

    def refuse(self, remedy: str) -> None:
        """Raise with a line for every fault, if there is any."""
        lines = [str(error).removeprefix(f"{self._path}, ") for error in self._found]
        more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
        listed = "\n  ".join([remedy, *lines[:_LISTED], *more])
        check(not lines, str(self._path), f"{len(lines)} faults" if len(lines) > 1 else "1 fault", listed)


def existing(path: Path) -> Path:
    """``path`` if it is a file.

    Raises:
        AlignbenchError: there is no such file.
    """
    check(path.is_file(), "file", str(path), "there is no such file; give the path of an existing one")
    return path


def nearest(value: object, known: Iterable[str]) -> str:
    """``" (nearest: x, y)"``, the spellings closest to ``value``; empty if none is near, or ``value`` is known."""
    spellings = list(known)
    close = [] if value in spellings else get_close_matches(str(value), spellings, n=3, cutoff=0.5)
    return f" (nearest: {', '.join(close)})" if close else ""


def header(path: Path) -> list[str]:
    """Column names of a CSV.

    Raises:
        AlignbenchError: no such file, or nothing in it.
    """
    check(existing(path).stat().st_size > 0, "file", str(path), "the file is empty; it needs a header row")
    return list(pd.read_csv(path, nrows=0, encoding="utf-8-sig", encoding_errors="replace").columns)


def need(path: Path, columns: Iterable[str]) -> None:
    """Raise unless the CSV at ``path`` has all ``columns``; the message names the nearest ones it has."""
    there = header(path)
    for column in columns:
        near = nearest(column, there)
        check(column in there, f"{path}, column", column, f"the file has no such column; add or rename one{near}")


def validated(frame: pd.DataFrame, schema: DataFrameSchema, path: Path, known: Mapping[str, Iterable[str]]) -> Any:
    """``frame`` as ``schema`` coerces it; the error texts of the schema's checks are the remedies.

    Args:
        known: column -> its legal values, to name the ones nearest to a wrong one.

    Raises:
        AlignbenchError: the first failure, by file, row and column.
    """
    from pandera.errors import SchemaErrors

    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        case = errors.failure_cases.iloc[0]
        column, value, failed = str(case["column"]), case["failure_case"], str(case["check"])
        place = "" if pd.isna(case["index"]) else f", row {int(case['index']) + _HEADER_ROWS}"
        remedy = "give a number" if "dtype" in failed else _REMEDIES.get(failed, failed)
        near = nearest(value, known.get(column, ()))
        raise AlignbenchError(f"{path}{place}, column {column}", value, remedy + near) from None
