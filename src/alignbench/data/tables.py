"""Small tables as text, every field kept as it is written: shares, splits, and what else a user writes by hand."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.data.checks import HEADER_ROWS, Faults, nearest
from alignbench.data.forms import SAMPLE, Separated, opened, separated, text_of
from alignbench.errors import AlignbenchError
from alignbench.types import check


def rows_of(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """The columns of a small table as texts, NaN where a field is empty; its index is the line in the file less two.

    Blank lines are passed over, and so are case and blanks in the names of the header.

    Raises:
        AlignbenchError: a missing column, rows with more or fewer fields than the header, an open quote, no row.
    """
    need(path, columns)
    faults = Faults(path)
    reader = csv.reader(io.StringIO(text_of(path), newline=""), delimiter=form(path).delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        lines += ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        faults.add(f"{path}, row {reader.line_num}", str(error), "close the quotes of this field")
    names = [name.strip().casefold() for name in lines[0][1]] if lines else []
    for name in (name for name in dict.fromkeys((*columns, *optional)) if names.count(name) > 1):
        faults.add(f"{path}, column", name, f"{names.count(name)} columns have this name; rename all but one")
    for number, row in lines:
        if len(row) != len(names):
            remedy = f"the header has {len(names)} fields, this row {len(row)}; write 1200 and not 1,200"
            faults.add(f"{path}, row {number}", ",".join(row), remedy)
    faults.refuse()
    check(len(lines) > 1, f"{path}, rows", 0, "the file has only a header; add its rows")
    index = [number - HEADER_ROWS for number, _ in lines[1:]]
    frame = pd.DataFrame([row for _, row in lines[1:]], index=index, columns=names, dtype=object)
    wanted = [*columns, *(name for name in optional if name in names)]
    return frame[wanted].map(str.strip).replace("", float("nan"))


def json_lines(path: Path, example: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each record of a JSON Lines file stands, and the record; blank lines are passed over.

    Raises:
        AlignbenchError: a line that is no JSON object; the message shows ``example``. As :func:`text_of`.
    """
    for number, line in enumerate(text_of(path).split("\n") if path.stat().st_size else (), start=1):
        if line.strip():
            where = f"{path}, line {number}"
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if not isinstance(record, dict):
                raise AlignbenchError(where, line[:60], f"give {example}")
            yield where, record


def form(path: Path) -> Separated:
    """How the table is written; errors as :func:`~alignbench.data.forms.opened` and ``separated``."""
    with opened(path) as (stream, _):
        return separated(path, stream.read(SAMPLE))


def need(path: Path, columns: Iterable[str]) -> None:
    """Raise unless the table has all ``columns``, whatever their case; the message names the nearest ones it has."""
    there, faults = form(path).names, Faults(path)
    for column in columns:
        if column.casefold() not in map(str.casefold, there):
            remedy = f"the file has no such column; add or rename one{nearest(column, there)}"
            faults.add(f"{path}, column", column, remedy)
    faults.refuse()
