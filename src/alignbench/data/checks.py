"""Checks at the door: a table that is wrong is refused with file, row, column and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
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
HEADER_ROWS = 2  # Row 1 of a file is its header, so index 0 of a frame is row 2.
_REMEDIES = {
    "not_nullable": "fill in this field",
    "multiple_fields_uniqueness": "this row repeats an earlier one; keep one of them",
}


class Faults:
    """What is wrong with a file, gathered so that one message says all of it."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._found: list[AlignbenchError] = []

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Keep the :class:`AlignbenchError` that the block raises, and go on behind it."""
        try:
            yield
        except AlignbenchError as error:
            self._found.append(error)

    def note(self, read: Callable[..., T], *given: Any) -> T | None:
        """What ``read`` returns; None where it raises an :class:`AlignbenchError`, which is kept."""
        with self.caught():
            return read(*given)
        return None

    def add(self, field: str, value: object, remedy: str) -> None:
        """Keep an error."""
        self._found.append(AlignbenchError(field, value, remedy))

    def refuse(self, remedy: str = "mend these") -> None:
        """Raise with a line for every fault, if there is any; a single one as it is."""
        if len(self._found) == 1:
            raise self._found[0]
        lines = [str(error).removeprefix(f"{self._path}, ").replace("\n", "\n  ") for error in self._found]
        more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
        listed = "\n  ".join([f"{remedy}:", *lines[:_LISTED], *more])
        check(not lines, str(self._path), f"{len(lines)} faults", listed)


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


def validated(frame: pd.DataFrame, schema: DataFrameSchema, path: Path, known: Mapping[str, Iterable[str]]) -> Any:
    """``frame`` as ``schema`` coerces it; the error texts of the schema's checks are the remedies.

    Args:
        known: column -> its legal values, to name the ones nearest to a wrong one.

    Raises:
        AlignbenchError: what failed, by file, row and column.
    """
    from pandera.errors import SchemaErrors

    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        faults, cases = Faults(path), errors.failure_cases
        by_row = cases[cases["index"].notna()].drop_duplicates(["index", "column"]).sort_values("index", kind="stable")
        for _, case in (by_row if len(by_row) else cases.head(1)).iterrows():
            column, value, failed = str(case["column"]), case["failure_case"], str(case["check"])
            place = "" if pd.isna(case["index"]) else f", row {int(case['index']) + HEADER_ROWS}"
            number = "give a whole number" if "int" in failed else "give a number"
            remedy = number if "dtype" in failed else _REMEDIES.get(failed, failed)
            faults.add(f"{path}{place}, column {column}", value, remedy + nearest(value, known.get(column, ())))
        faults.refuse()
