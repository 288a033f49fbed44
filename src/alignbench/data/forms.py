"""What a file is, told by its first bytes whatever its name says; unpacked, and refused where it cannot be read."""

import bz2
import codecs
import csv
import gzip
import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from alignbench.data.checks import existing
from alignbench.errors import AlignbenchError
from alignbench.types import check

_SHEET = "open it in a spreadsheet program and save the sheet as CSV UTF-8"
_R = 'export it from R: write.csv(data, "survey.csv", row.names = FALSE)'
_AGAIN = "the download went wrong; fetch the CSV again"
# First bytes -> what has them, and how its owner gets a CSV out of it.
_REFUSED = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _SHEET),
    (b"RDX", "an R workspace (.RData)", _R),
    (b"RDA", "an R workspace (.RData)", _R),
    (b"X\n\x00", "an R object (.rds)", _R),
    (b"A\n", "an R object (.rds)", _R),
    (b"PAR1", "a Parquet file", 'export it from Python: pandas.read_parquet(path).to_csv("survey.csv", index=False)'),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file", "export it from SAS as CSV: PROC EXPORT, DBMS=CSV"),
    (b"%PDF", "a PDF", "give the data, not the codebook"),
)
# The same for text, blanks before it passed over.
_NO_TABLE = (
    (("{", "["), "JSON", 'export it from Python: pandas.read_json(path).to_csv("survey.csv", index=False)'),
    (("<",), "a web page or XML", _AGAIN),
)
_PACKERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile)
# Enough for the header of the widest file (611 columns of the wave-7 CSV take 6 kB) and some rows.
SAMPLE = 2**18
_DELIMITERS = ",;\t|"
# Bytes of the largest file that is unpacked, and of one that is written by hand; real ones have a tenth of it.
LARGEST, _BY_HAND = 2**33, 2**28


class FileKind(Enum):
    """The forms that are read."""

    text = "text"
    spss = "spss"
    stata = "stata"


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, FileKind]]:
    """The content of a file from its start, out of its gz, bz2, xz or zip, and what it is.

    Raises:
        AlignbenchError: no such file, an empty or damaged one, a zip of several files, or a form that is not read here
            (Excel, R, Parquet, SAS ...): the message says how to export it.
    """
    check(existing(path).stat().st_size > 0, "file", str(path), "the file is empty; it needs a header row")
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(_unpacked(path, stack))
            head = stream.read(16)
            stream.seek(0)
            for magic, what, remedy in _REFUSED:
                check(not head.startswith(magic), "file", str(path), f"this is {what}; {remedy}")
            yield stream, _kind(head)
        except _BROKEN as error:
            _damaged(path, error)
        except OSError as error:
            if error.errno is not None:  # what the system says; bz2 says so of its content
                raise
            _damaged(path, error)


def _damaged(path: Path, error: Exception) -> NoReturn:
    remedy = f"the file is cut or damaged ({error}); download or pack it again"
    raise AlignbenchError("file", str(path), remedy) from error


def _unpacked(path: Path, stack: ExitStack) -> BinaryIO:
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04"):
        packed = stack.enter_context(zipfile.ZipFile(path))
        names = [name for name in packed.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        sheet = any(name.startswith("xl/") or name == "content.xml" for name in names)
        check(not sheet, "file", str(path), f"this is a spreadsheet (.xlsx, .ods); {_SHEET}")
        remedy = f"the zip holds {len(names)} files ({', '.join(names[:5])}); unpack it and give the one with the data"
        check(len(names) == 1, "file", str(path), remedy)
        size = packed.getinfo(names[0]).file_size
        check(size <= LARGEST, "file", str(path), f"unpacked it has {size:,} bytes, more than any survey")
        return cast(BinaryIO, packed.open(names[0]))
    opener = next((opener for magic, opener in _PACKERS if head.startswith(magic)), open)
    return cast(BinaryIO, opener(path, "rb"))


def _kind(head: bytes) -> FileKind:
    if head.startswith((b"$FL2", b"$FL3")):
        return FileKind.spss
    # Before Stata 13: the version (113 to 115), the byte order, and a 1.
    old = len(head) > 2 and 113 <= head[0] <= 115 and head[1] in (1, 2) and head[2] == 1
    return FileKind.stata if old or head.startswith(b"<stata_dta>") else FileKind.text


@contextmanager
def on_disk(stream: BinaryIO, suffix: str) -> Iterator[Path]:
    """The rest of a stream as a file, for readers that take a path alone; gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"survey{suffix}")
        with path.open("wb") as file:
            while block := stream.read(SAMPLE):
                file.write(block)
        yield path


@dataclass(frozen=True)
class Separated:
    """How a table is written as text: the encoding as Python names it, separators, and the names of its header.

    ``lines`` are those up to the header, and with it.
    """

    encoding: str
    delimiter: str
    decimal: str
    names: tuple[str, ...]
    lines: int = 1


def encoding_of(head: bytes) -> str:
    """UTF-8 or UTF-16 by the mark at the start or by its zeros; Latin-1 where the bytes are no UTF-8."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    if b"\0" in head[:2]:
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # A letter may be cut at the end.
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def separated(path: Path, head: bytes) -> Separated:
    """How the text that begins with ``head`` is written: of comma, semicolon, tab and bar what parts the header most.

    Raises:
        AlignbenchError: the text is no table (JSON, a web page), or has one column.
    """
    encoding = encoding_of(head)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    for starts, what, remedy in _NO_TABLE:
        check(not text.lstrip().startswith(starts), "file", str(path), f"this is {what}; {remedy}")
    begun = text.lstrip("\r\n")
    first, lines = re.split("[\r\n]", begun, maxsplit=1)[0], text[: len(text) - len(begun)].count("\n") + 1
    parted = {mark: next(csv.reader([first], delimiter=mark), []) for mark in _DELIMITERS}
    delimiter = max(parted, key=lambda mark: len(parted[mark]))
    remedy = "its header is one column: part the columns with commas, semicolons or tabs, and give them names"
    check(len(parted[delimiter]) > 1, "file", str(path), remedy)
    fraction = rf"{re.escape(delimiter)}-?\d+,\d+(?:{re.escape(delimiter)}|\r?\n|$)"
    decimal = "," if delimiter != "," and re.search(fraction, text) else "."
    return Separated(encoding, delimiter, decimal, tuple(name.strip() for name in parted[delimiter]), lines)


def text_of(path: Path) -> str:
    """What a small file holds, unpacked.

    Raises:
        AlignbenchError: as :func:`opened`, or it is neither UTF-8 nor UTF-16 (the message names the line): words that
            a model reads are not to be guessed.
    """
    with opened(path) as (stream, kind):
        check(kind is FileKind.text, "file", str(path), f"this is a file of {kind.name.upper()}; save it as CSV UTF-8")
        content = stream.read(_BY_HAND + 1)
        check(
            len(content) <= _BY_HAND, "file", str(path), f"it has more than {_BY_HAND:,} bytes: give a table of shares"
        )
    encoding = encoding_of(content)
    try:
        return content.decode("utf-8" if encoding == "latin-1" else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AlignbenchError(f"{path}, line {line}", content[error.start], "save the file as UTF-8") from None
