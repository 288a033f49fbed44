"""Columns of a respondent file, as numbers: text of any separator and encoding, SPSS or Stata; big ones are kept."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.backend.cache import root
from alignbench.data.checks import HEADER_ROWS, Faults, existing
from alignbench.data.forms import LARGEST, SAMPLE, FileKind, Separated, on_disk, opened, separated
from alignbench.files import leave_out, replacing
from alignbench.types import check

if TYPE_CHECKING:
    import pyarrow as pa

# No value at all, in a column of whole numbers; NaN in others. No survey has such a code.
BLANK = -128
# A value that an SPSS or Stata file itself declares missing, whatever it is.
DECLARED = -127
# What programs write where there is no value, besides nothing.
_EMPTY = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", ".", "#NULL!", "#N/A", *(" " * n for n in range(1, 9)))
# Bytes that are parsed at once: with more the processor's cache overflows, with fewer 250 columns begin too often.
_BLOCK = 2**21
# Bytes on the disk; smaller files are read in a fraction of a second anyway, packed ones of full size are above it.
_KEPT_FROM = 2 * 2**20
_NUMBER = "give a number; where the file holds labels, export its codes (values) instead"


@dataclass(frozen=True)
class Wanted:
    """Columns by name, whatever their case: of text, of codes (mostly small whole numbers) and of other numbers."""

    texts: tuple[str, ...]
    codes: tuple[str, ...]
    measures: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.texts, *self.codes, *self.measures)

    def within(self, path: Path, there: Sequence[str]) -> dict[str, int]:
        """Name -> place among the columns that the file has; the others are left out."""
        places: dict[str, list[int]] = {}
        for place, name in enumerate(there):
            places.setdefault(name.casefold(), []).append(place)
        found = {name: places[name.casefold()] for name in self.names if name.casefold() in places}
        faults = Faults(path)
        for name, at in found.items():
            if len(at) > 1:
                faults.add(f"{path}, column", name, f"{len(at)} columns have this name; rename all but one")
        faults.refuse()
        return {name: at[0] for name, at in found.items()}


def column_names(path: Path) -> tuple[str, ...]:
    """The names of a file's columns, without blanks around them; errors as :func:`read_columns`."""
    with opened(path) as (stream, kind):
        if kind is FileKind.text:
            return separated(path, stream.read(SAMPLE)).names
        with _reader(stream, kind, path) as read:
            return tuple(read(metadataonly=True)[1].column_names)


def read_columns(path: Path, wanted: Wanted) -> pd.DataFrame:
    """The wanted columns that the file has, by the names asked for.

    Codes are int8 where all are small whole numbers (no value: ``BLANK``); else, and for measures, float64 (no value:
    NaN). Texts are without blanks around them.

    What is read of a big file is kept in the cache, by the file's state, the columns and this code: the next time it
    takes a fraction of a second.

    Raises:
        AlignbenchError: as :func:`~alignbench.data.forms.opened`, a row of another length than the header, a field
            that is no number, a quote that nobody closes.
    """
    before = _state(existing(path))
    kept = _kept_at(path, wanted)
    if kept is not None and kept.is_file():
        try:
            return pd.read_feather(kept)
        except (OSError, ValueError) as error:  # Of the second kind are those of Arrow.
            leave_out(kept, error)
    with opened(path) as (stream, kind):
        frame = (_text if kind is FileKind.text else _statistics)(stream, path, kind, wanted)
    if kept is not None and _state(path) == before:
        try:
            _keep(frame, kept)
        except OSError as error:
            leave_out(kept, error)
    return frame


def _state(path: Path) -> tuple[int, ...]:
    """Changes with the content: the time of the last change is set by the system, and by nobody else."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _kept_at(path: Path, wanted: Wanted) -> Path | None:
    if path.stat().st_size < _KEPT_FROM:
        return None
    code = [Path(__file__).read_bytes(), Path(__file__).with_name("forms.py").read_bytes()]
    place, state = (str(path.resolve()), astuple(wanted)), (_state(path), code)
    names = (hashlib.sha256(repr(part).encode()).hexdigest()[:16] for part in (place, state))
    return root() / "surveys" / f"{'-'.join(names)}.feather"


def _keep(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import feather

    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({str(name): pa.array(column) for name, column in frame.items()})
    with replacing(path) as partial:
        feather.write_feather(table, partial, compression="uncompressed")  # 26 MB; packed, five times slower to read.
    for older in path.parent.glob(f"{path.name.partition('-')[0]}-*{path.suffix}"):
        if older != path:
            older.unlink(missing_ok=True)


class _Watched(io.RawIOBase):
    """A stream that counts quotes, and that its reader cannot close."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.quotes = self.bytes = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.bytes += len(block)
        check(
            self.bytes <= LARGEST,
            "file",
            "its content",
            f"unpacked it has over {LARGEST:,} bytes, more than any survey",
        )
        self.quotes += block.count(b'"')
        return block

    def close(self) -> None:
        """Left to whoever opened it."""


def _text(stream: BinaryIO, path: Path, kind: FileKind, wanted: Wanted) -> pd.DataFrame:
    import pyarrow as pa

    form = separated(path, stream.read(SAMPLE))
    places = wanted.within(path, form.names)
    for codes in (pa.int8(), pa.float64()):
        stream.seek(0)
        watched = _Watched(stream)
        try:
            table = _parsed(watched, form, places, wanted, codes)
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:  # the second of a text in UTF-16 that is cut
            why = str(error)
            continue
        # Bytes of other letters look like quotes in UTF-16.
        if watched.quotes % 2 == 0 or form.encoding.startswith("utf-16"):
            return _framed(table, wanted)
        why = "a quote is never closed"
    stream.seek(0)
    _explain(stream, path, form, {name: at for name, at in places.items() if name not in wanted.texts})
    check(False, "file", str(path), f"it cannot be read as a table: {why}")
    raise AssertionError


def _parsed(stream: Any, form: Separated, places: Mapping[str, int], wanted: Wanted, codes: pa.DataType) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow

    types = dict.fromkeys(wanted.texts, pa.binary()) | dict.fromkeys(wanted.measures, pa.float64())
    names = [str(place) for place in range(len(form.names))]
    reader = arrow.open_csv(
        stream,
        read_options=arrow.ReadOptions(
            block_size=_BLOCK,
            column_names=names,
            skip_rows=form.lines,
            encoding="utf8" if form.encoding in ("utf-8-sig", "latin-1") else form.encoding,
        ),
        parse_options=arrow.ParseOptions(delimiter=form.delimiter, newlines_in_values=True),
        convert_options=arrow.ConvertOptions(
            include_columns=[names[at] for at in places.values()],
            column_types={names[at]: types.get(name, codes) for name, at in places.items()},
            null_values=_EMPTY,
            decimal_point=form.decimal,
        ),
    )
    return reader.read_all().rename_columns(list(places))


def _framed(table: pa.Table, wanted: Wanted) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name]
        if name in wanted.texts:
            columns[name] = _said(column)
        elif str(column.type) == "int8":
            columns[name] = column.fill_null(BLANK).to_numpy()
        else:
            columns[name] = column.to_numpy() if name in wanted.measures else _narrow(column.to_numpy())
    return pd.DataFrame(columns)


def _said(column: pa.ChunkedArray) -> pd.Series[str]:
    """Bytes as text: UTF-8, or Latin-1 where they are none."""
    import pyarrow as pa
    from pyarrow import compute

    try:
        text = column.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([value.decode("latin-1") for value in column.to_pylist()])
    return pd.Series(compute.utf8_trim_whitespace(text.fill_null("")).to_pandas())


def _narrow(values: NDArray[np.float64]) -> NDArray[Any]:
    """int8 where all are small whole numbers or nothing."""
    filled = np.where(np.isnan(values), BLANK, values)
    small = np.abs(filled) <= -BLANK
    whole = small.all() and (filled == filled.round()).all() and (filled < -BLANK).all()
    return filled.astype(np.int8) if whole else values


def _explain(stream: BinaryIO, path: Path, form: Separated, numbers: Mapping[str, int]) -> None:
    """Refuse by row and column what is wrong with a text, if anything is found."""
    lines = csv.reader(io.TextIOWrapper(stream, form.encoding, "replace", newline=""), delimiter=form.delimiter)
    faults, row, found = Faults(path), [""], 0
    for row in lines:
        at = lines.line_num
        if at <= form.lines or not row:
            continue
        if len(row) != len(form.names):
            remedy = f"the header has {len(form.names)} fields, this row {len(row)}; a quote may be open, or a row cut"
            faults.add(f"{path}, row {at}", form.delimiter.join(row[:5]), remedy)
            found += 1
            continue
        for name, place in numbers.items():
            if row[place] not in _EMPTY and not _is_number(row[place].replace(form.decimal, ".")):
                faults.add(f"{path}, row {at}, column {name}", row[place], _NUMBER)
                found += 1
        if found > 100:
            break
    faults.refuse()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _statistics(stream: BinaryIO, path: Path, kind: FileKind, wanted: Wanted) -> pd.DataFrame:
    with _reader(stream, kind, path) as read:
        there = read(metadataonly=True)[1].column_names
        names = {name: there[at] for name, at in wanted.within(path, [name.strip() for name in there]).items()}
        values, about = read(usecols=list(names.values()), user_missing=True, output_format="dict")
    columns: dict[str, Any] = {}
    faults = Faults(path)
    for name, own in names.items():
        column = pd.Series(values[own])
        if name in wanted.texts:
            columns[name] = column.astype(object).where(column.notna(), "").map(_written)
            continue
        declared = np.zeros(len(column), bool)
        if kind is FileKind.stata:  # Missing of the kinds .a to .z come as letters.
            declared = column.map(lambda value: isinstance(value, str) and len(value) == 1).to_numpy(bool)
        numbers = pd.to_numeric(column.mask(declared).replace("", np.nan), errors="coerce")
        for missed in about.missing_ranges.get(own, ()):
            if not isinstance(missed["lo"], str):
                declared |= numbers.between(missed["lo"], missed["hi"]).to_numpy(bool)
        wrong = numbers.isna() & column.notna() & ~declared & (column != "")
        for row in np.flatnonzero(wrong):
            faults.add(f"{path}, row {row + HEADER_ROWS}, column {name}", column[row], _NUMBER)
        if name in wanted.measures:
            columns[name] = numbers.mask(declared).to_numpy(np.float64)
        else:
            columns[name] = _narrow(np.where(declared, DECLARED, numbers.to_numpy(np.float64)))
    faults.refuse()
    return pd.DataFrame(columns)


@contextmanager
def _reader(stream: BinaryIO, kind: FileKind, path: Path) -> Iterator[Callable[..., Any]]:
    """Reads an SPSS or Stata file with the options of pyreadstat; labels never take the place of codes."""
    import pyreadstat

    suffix, read = {FileKind.spss: (".sav", pyreadstat.read_sav), FileKind.stata: (".dta", pyreadstat.read_dta)}[kind]
    with on_disk(stream, suffix) as copy:

        def attempt(**options: Any) -> Any:
            try:
                return read(str(copy), **options)
            except pyreadstat.ReadstatError:  # Often letters of an older encoding than the file says.
                return read(str(copy), encoding="LATIN1", **options)

        try:
            yield attempt
        except pyreadstat.ReadstatError as error:
            remedy = f"the file of {kind.name.upper()} is cut or damaged ({error}); export it again, or as CSV"
            check(False, "file", str(path), remedy)


def _written(value: object) -> str:
    """A text as it is, a number without the fraction that it does not have."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
