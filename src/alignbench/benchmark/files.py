"""Files of benchmarks: what a file is by its content, whether it is the one wanted, and its rows as records.

What cannot be read is told in one sentence what it is and what is wanted instead.
"""

from __future__ import annotations

import ast
import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import zip_longest
from pathlib import Path
from string import ascii_uppercase
from typing import Any
from zipfile import BadZipFile, ZipFile

import pandas as pd

from alignbench.benchmark.forms import Form, form_of, plain
from alignbench.data.checks import existing, nearest
from alignbench.errors import AlignbenchError
from alignbench.types import check

_TEXT, _PARQUET, _WORKBOOK = "a text", "a parquet file", "an Excel workbook (.xlsx)"
_ZIPPED = b"PK\x03\x04"
# First bytes -> what such a file is, and how to come by the one wanted.
_KINDS = (
    (b"PAR1", _PARQUET, "the file is damaged; fetch it again"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (.xls)", "save it as CSV"),
    (b"$FL", "an SPSS file (.sav)", "it is no file of a benchmark"),
    (b"<stata_dta>", "a Stata file (.dta)", "it is no file of a benchmark"),
    (b"%PDF", "a PDF", "it is no file of a benchmark"),
    (b"version https://git-lfs", "a pointer of Git LFS and not the file itself", "fetch the file with git lfs pull"),
    (b"/annex/objects/", "a pointer of git-annex and not the file itself", "fetch the file with git annex get"),
    (b"<", "a web page (HTML or XML)", "fetch the file itself; a link to a page or an error was saved"),
    (b"\xff\xfe", "a text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "a text in UTF-16", "save it as UTF-8"),
)
# How far into a file is looked for its kind.
_START = 4096
_DELIMITERS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_OTHER = "this is not the file wanted"
# Names of columns that a message lists.
_LISTED = 8
# What the keys of a JSON object of rows are called: BLEnD's is one.
_KEYS = "ID"
# Larger sheets than of any benchmark: a cell far away must not become a million rows. Bytes are those of the XML.
_ROWS, _COLUMNS, _UNPACKED = 20_000, 5_000, 2**29
_TYPES = {str: "a text", list: "a list", dict: "an object", int: "a whole number"}


@dataclass(frozen=True)
class Record:
    """One row or JSON object; ``where`` names file and place."""

    where: str
    cells: Mapping[str, Any]

    def wrong(self, key: str, value: object, remedy: str) -> AlignbenchError:
        """The error that says what is wrong with the value under ``key``."""
        return AlignbenchError(f"{self.where}, {key}", value, remedy)

    def value(self, key: str, kind: type) -> Any:
        """What is under ``key``.

        Raises:
            AlignbenchError: nothing, or something of another type.
        """
        if key not in self.cells:
            raise self.wrong(key, sorted(self.cells), "this key is missing")
        value = self.cells[key]
        if not isinstance(value, kind):
            raise self.wrong(key, value, f"{_TYPES[kind]} belongs here")
        return value

    def given(self, key: str) -> str:
        """The text or number under ``key`` as a text; empty where there is none."""
        value = self.cells.get(key, "")
        if isinstance(value, list | dict):
            raise self.wrong(key, value, "a text belongs here")
        return "" if value is None or value != value else str(value).strip()

    def text(self, key: str) -> str:
        """What is :meth:`given`, which must not be blank."""
        if key not in self.cells:
            raise self.wrong(key, sorted(self.cells), "this key is missing")
        text = self.given(key)
        if not text:
            raise self.wrong(key, text, "fill in this text")
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under ``key``."""
        values = self.value(key, list)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, values, "a list of texts belongs here")
        return tuple(values)

    def count(self, key: str) -> int:
        """The whole number under ``key``, not negative."""
        number = self.value(key, int)
        if isinstance(number, bool) or number < 0:
            raise self.wrong(key, number, "a whole number from 0 belongs here")
        return int(number)

    def parsed(self, key: str, kind: type | tuple[type, ...], example: str, inside: str = "(.*)") -> Any:
        """What is under ``key`` or, if that is a text, what it spells in JSON or Python; nothing is evaluated.

        Args:
            example: how it is to be written, for the message.
            inside: a pattern whose first group spells it.
        """
        value = self.cells.get(key)
        if isinstance(value, str):
            match = re.fullmatch(inside, value.strip(), re.DOTALL)
            value = _literal(match[1]) if match else None
        if not isinstance(value, kind):
            raise self.wrong(key, str(self.cells.get(key))[:80], f"write it as {example}")
        return value

    def number(self, key: str) -> float:
        """The finite number under ``key``."""
        return self.as_number(key, self.text(key))

    def whole(self, key: str, value: object) -> int:
        """``value`` as a whole number; ``key`` says where it stands."""
        number = self.as_number(key, value)
        if not number.is_integer():
            raise self.wrong(key, value, "a whole number belongs here")
        return int(number)

    def as_number(self, key: str, value: object) -> float:
        """``value``, a finite number or the text of one; ``key`` says where it stands."""
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise self.wrong(key, value, "a number belongs here")
        return number

    def letter(self, key: str, count: int) -> int:
        """Which of ``count`` options the letter under ``key`` names, from 0; A is the first."""
        letters = list(ascii_uppercase[:count].casefold())
        return letters.index(self.choice(key, letters))

    def shares(self, key: str, values: object, count: int) -> list[float]:
        """``values`` as ``count`` numbers of 0 or more; ``key`` says where they stand."""
        if not isinstance(values, list) or len(values) != count:
            raise self.wrong(key, values, f"the item has {count} options, so give a list of {count} shares")
        if not all(type(v) in (int, float) and 0 <= v < math.inf for v in values):
            raise self.wrong(key, values, "shares are finite numbers of 0 or more")
        return [float(v) for v in values]

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """Which of ``choices`` stands under ``key``, in any case."""
        found = self.text(key).casefold()
        if found not in choices:
            raise self.wrong(key, self.cells[key], f"choose one of {', '.join(choices)}{nearest(found, choices)}")
        return found

    def inner(self, key: str) -> Record:
        """The object under ``key``."""
        return Record(f"{self.where}, {key}", self.value(key, dict))

    def entries(self, key: str) -> list[Record]:
        """The list of objects under ``key``."""
        return _objects(self.value(key, list), f"{self.where}, {key}")


def records(path: Path, *forms: Form) -> list[Record]:
    """The rows of a file that has one of these forms, in whichever kind of file they come.

    Delimiters are told by the header. Lines of a table that begin with # before it are comments.

    Raises:
        AlignbenchError: no such file; it is something else (the message says what); no row; broken quoting.
    """
    kind, remedy = _kind(path)
    if kind == _PARQUET:
        return _named(path, _parquet(path, remedy, forms), kind, forms)
    if kind == _WORKBOOK and (known := form_of(_cells(path)[0])):
        raise refused(path, known.name, _OTHER, forms)
    if kind != _TEXT:
        raise refused(path, kind, remedy, forms)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(path, f"not a text in UTF-8 ({error.reason})", "save it as UTF-8", forms) from None
    if text.lstrip()[:1] in ("[", "{"):
        return _named(path, _json(path, text, forms), "JSON", forms)
    return _table(path, text, forms)


def workbook(path: Path, form: Form) -> pd.DataFrame:
    """The cells of the first sheet of an Excel workbook, without header.

    Raises:
        AlignbenchError: no such file, or it is something else (the message says what).
    """
    if _kind(path)[0] != _WORKBOOK:
        records(path, form)  # says what else it is
        raise refused(path, "a table", "the workbook itself is wanted", [form])
    return _cells(path)


def refused(path: Path, what: str, remedy: str, forms: Iterable[Form]) -> AlignbenchError:
    """The error that says what a file is, what to do, and what is wanted."""
    steps = [remedy] if remedy else []
    return AlignbenchError(str(path), what, "; ".join([*steps, f"give {', or '.join(map(str, forms))}"]))


def spelt(path: Path, names: Sequence[str], what: str, forms: Sequence[Form]) -> list[str]:
    """``names`` of columns as the form spells them that has them.

    Raises:
        AlignbenchError: none of ``forms`` has these; the message says whose they are, or which are missing.
    """
    there = list(map(plain, names))
    form = next((form for form in forms if set(map(plain, form.columns)) <= set(there)), None)
    if form is None:
        known = form_of(names)
        if known:
            raise refused(path, known.name, _OTHER, forms)
        wanted = max(forms, key=lambda form: len(set(map(plain, form.columns)) & set(there)))
        missing = [column for column in wanted.columns if plain(column) not in there]
        wanted_columns = set(map(plain, (*wanted.columns, *wanted.optional)))
        others = [name for name in names if plain(name) not in wanted_columns]
        lacking = ", ".join(column + nearest(column, others) for column in missing)
        shown = ", ".join(names[:_LISTED]) + (" ..." if len(names) > _LISTED else "")
        raise refused(path, f"{what} ({shown})", f"it lacks {lacking}", forms)
    spelling = {plain(column): column for column in (*form.columns, *form.optional)}
    found = [spelling.get(name, given.strip()) for name, given in zip(there, names, strict=True)]
    twice = [column for column in form.columns if found.count(column) > 1]
    check(not twice, str(path), f"{what} with {', '.join(twice)} more than once", "keep one of each")
    return found


def _kind(path: Path) -> tuple[str, str]:
    """What a file is, by its first bytes, and what to do if it is not wanted."""
    check(not path.is_dir(), str(path), "a folder", "give the path of a file in it")
    with existing(path).open("rb") as file:
        start = file.read(_START)
    if start.startswith(_ZIPPED):
        return _zipped(path)
    told = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    for first, kind, remedy in _KINDS:
        if told.startswith(first):
            return kind, remedy
    if not told:
        return "an empty file", "fetch it again"
    return ("a binary file of a kind unknown here", "") if b"\0" in start else (_TEXT, "")


def _zipped(path: Path) -> tuple[str, str]:
    try:
        with ZipFile(path) as archive:
            workbook = "xl/workbook.xml" in archive.namelist()
    except BadZipFile:
        return "a workbook or zip archive that was cut off", "fetch it again"
    return (_WORKBOOK, "save its sheet as CSV") if workbook else ("a zip archive", "unpack it")


def _cells(path: Path) -> pd.DataFrame:
    """The first sheet, empty cells as NaN; sizes that a sheet claims are not believed, but counted.

    Raises:
        AlignbenchError: the workbook is damaged, or larger than any of a benchmark.
    """
    from openpyxl import load_workbook

    with ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    large = f"a workbook of more than {_ROWS:,} rows, {_COLUMNS:,} columns or {_UNPACKED >> 20} MiB"
    rest = "delete the empty rows and columns at its ends, or save it as CSV"
    check(unpacked <= _UNPACKED, str(path), large, rest)
    lines: list[list[Any]] = []
    try:
        book = load_workbook(BytesIO(path.read_bytes()), read_only=True, data_only=True)  # whatever its name ends in
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for line in sheet.iter_rows(values_only=True):
            check(len(lines) < _ROWS and len(line) <= _COLUMNS, str(path), large, rest)
            lines.append(list(line))
    except AlignbenchError:
        raise
    except Exception as error:  # of openpyxl, of its reader of XML, of zip archives
        reason = f"{type(error).__name__}: {error}"[:200]
        raise AlignbenchError(
            str(path), "a workbook that cannot be read", f"save it again, or as CSV ({reason})"
        ) from None
    width = max(map(len, lines), default=0)
    check(
        width > 0, str(path), "a workbook whose first sheet is empty", "save the sheet with the data as its first one"
    )
    frame = pd.DataFrame([line + [None] * (width - len(line)) for line in lines], dtype=object)
    return frame.where(frame.notna(), float("nan"))


def _literal(text: str) -> Any:
    """What ``text`` spells in JSON, or else as a Python literal; None where it spells nothing."""
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return read(text)
    return None


def _parquet(path: Path, remedy: str, forms: Sequence[Form]) -> list[Any]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    try:
        entries: list[Any] = read_table(path).to_pylist()
    except (ArrowException, OSError):
        raise refused(path, "a parquet file that cannot be read", remedy, forms) from None
    return entries


def _json(path: Path, text: str, forms: Sequence[Form]) -> list[Any]:
    """The entries of a JSON list, of an object of objects, or of JSON Lines."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as whole:
        return list(_lines(path, text, whole, forms))
    if isinstance(value, dict) and value and all(isinstance(entry, dict) for entry in value.values()):
        return [{_KEYS: key, **entry} for key, entry in value.items()]
    return value if isinstance(value, list) else [value]


def _lines(path: Path, text: str, whole: json.JSONDecodeError, forms: Sequence[Form]) -> Iterator[Any]:
    """The values of JSON Lines; ``whole`` is why the text is no single value."""
    lines = [(number, line) for number, line in enumerate(StringIO(text), start=1) if line.strip()]
    for number, line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            at = (whole.lineno, whole.msg) if number == lines[0][0] else (number, error.msg)
            raise refused(path, "broken JSON", f"line {at[0]} is not JSON ({at[1]})", forms) from None


def _named(path: Path, values: Sequence[Any], what: str, forms: Sequence[Form]) -> list[Record]:
    """Entries as records, the keys spelt as the form spells them."""
    if not values:
        raise refused(path, f"{what} without an entry", "fetch it again", forms)
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise refused(path, f"{what} whose entry {number} is no object", "", forms)
    names = list(dict.fromkeys(key for value in values for key in value))
    spelling = dict(zip(names, spelt(path, names, what, forms), strict=True))
    return _objects([{spelling[key]: cell for key, cell in value.items()} for value in values], str(path))


def _table(path: Path, text: str, forms: Sequence[Form]) -> list[Record]:
    """The rows of a delimited text."""
    lines = StringIO(text, newline="").readlines()  # splitlines() would break texts that hold U+2028 and the like
    comments = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    columns = {plain(column) for form in forms for column in form.columns}
    rows, what, line = [], "a text", comments
    try:
        heads = {delimiter: next(csv.reader(lines[comments:], delimiter=delimiter), []) for delimiter in _DELIMITERS}
        delimiter = max(heads, key=lambda d: (len(columns & set(map(plain, heads[d]))), len(heads[d])))
        names, headed = heads[delimiter], forms[0].headed
        what = f"a table divided by {_DELIMITERS[delimiter]}" if len(names) > 1 else "a text in one column"
        fits = not headed and len(names) == len(forms[0].columns) and not form_of(names)
        names = list(forms[0].columns) if fits else spelt(path, names, what, forms)
        reader = csv.reader(lines[comments:], delimiter=delimiter, strict=True)
        for cells in reader:
            first, line = line + 1, comments + reader.line_num
            if any(cells) and not (headed and first == comments + 1):
                where = f"{path}, line {first}"
                remedy = f"the header has {len(names)} columns; quote a text that holds {delimiter!r}"
                check(len(cells) <= len(names), where, cells[len(names) :], remedy)
                rows.append(Record(where, dict(zip_longest(names, cells, fillvalue=""))))
    except csv.Error as error:
        raise refused(path, f"{what}, broken from line {line + 1} on", f"mend this: {error}", forms) from None
    if not rows:
        raise refused(path, f"{what} without a row", "fetch it again", forms)
    return rows


def _objects(values: Sequence[Any], where: str) -> list[Record]:
    for number, value in enumerate(values, start=1):
        check(isinstance(value, dict), f"{where}, entry {number}", value, "an object belongs here")
    return [Record(f"{where}, entry {number}", value) for number, value in enumerate(values, start=1)]
