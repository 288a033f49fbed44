"""Input as people and mishaps make it: tables, YAMLs, files of JSON, what models say."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

# Values that have gone wrong somewhere: numbers that are none, formulas, signs of other scripts, templates, markup.
CELLS = (
    *(
        "1",
        "2",
        "3",
        "0",
        "-1",
        "-2",
        "10",
        "99",
        "1.5",
        "1.0",
        "1,5",
        "1,200",
        "1e400",
        "-0",
        "1_000",
        "0x10",
        "٣",
        "½",
    ),
    *(
        "",
        " ",
        "NA",
        "nan",
        "inf",
        "-inf",
        "None",
        "null",
        "#NULL!",
        "true",
        "IRQ",
        "IQ",
        "irq",
        "Iraq",
        "XXX",
        "train",
    ),
    *("=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "a,b", 'a"b', '"', "a;b", "a\tb", "a\nb", "a\x00b", "\x1b[31m"),
    *("{{ 7 * 7 }}", "{% raw %}", "{country}", "%s", "${oc.env:HOME}", "<script>alert(1)</script>", "<|im_end|>"),
    *(
        "../../x",
        "É",
        "中文",
        "\u202eabc",
        "\ufeff",
        "\U0001f600",
        "x" * 3000,
        "9" * 400,
        "(",
        "[1",
        "{",
        "1|2",
        "0.5|0.5",
    ),
)
cells = st.sampled_from(CELLS) | st.text(max_size=12) | st.floats().map(str) | st.integers().map(str)
MAGIC = (b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"RDX3", b"%PDF", b"$FL2")
MAGIC += (
    b"<stata_dta>",
    b"\x72\x01\x01",
    b"<html>",
    b"{",
    b"[",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"version https://git-lfs",
)


@st.composite
def tables(draw: Any, columns: Sequence[str], good: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """A table of these columns as a file: mostly sound in some respects, wrong in others."""
    names = list(columns)
    for fault in draw(st.lists(st.sampled_from(("drop", "twice", "case", "blank", "odd")), max_size=2)):
        at = draw(st.integers(0, max(len(names) - 1, 0)))
        if not names:
            break
        if fault == "drop":
            del names[at]
        elif fault == "twice":
            names.append(names[at])
        else:
            names[at] = {"case": names[at].lower(), "blank": f" {names[at]} ", "odd": draw(cells)}[fault]
    known = good or {}
    rows = draw(st.integers(0, 6))
    wrong = draw(st.sampled_from((0.0, 0.0, 0.1, 0.5, 1.0)))
    lines = [names]
    for _ in range(rows):
        row = []
        for name in names:
            right = known.get(name.strip().upper(), known.get(name.strip(), ()))
            use = bool(right) and draw(st.floats(0, 1)) >= wrong
            row.append(draw(st.sampled_from(right) if use else cells))
        lines.append(row[: draw(st.sampled_from((len(row),) * 6 + (max(len(row) - 1, 0),)))])
    mark, quoted = draw(st.sampled_from(",,,;\t|")), draw(st.booleans())
    text = "\n".join(mark.join(_quoted(cell, mark) if quoted else cell for cell in line) for line in lines)
    content = text.encode(
        draw(st.sampled_from(("utf-8",) * 4 + ("utf-8-sig", "utf-16", "latin-1", "utf-16-le"))), "replace"
    )
    return draw(broken(content))


def _quoted(text: str, mark: str) -> str:
    return '"' + text.replace('"', '""') + '"' if {mark, '"', "\n"} & set(text) else text


@st.composite
def broken(draw: Any, content: bytes) -> bytes:
    """Mostly the content itself; else cut, with bytes changed, packed, packed and cut, or something else altogether."""
    how = draw(st.sampled_from(("whole",) * 6 + ("cut", "bytes", "packed", "zip", "magic", "binary")))
    at = draw(st.integers(0, len(content)))
    if how == "cut":
        return content[:at]
    if how == "bytes":
        return content[:at] + draw(st.binary(max_size=6)) + content[at + draw(st.integers(0, 3)) :]
    if how == "packed":
        packed = draw(st.sampled_from((gzip.compress, bz2.compress, lzma.compress)))(content)
        return packed[: draw(st.sampled_from((len(packed), len(packed) // 2, 12)))]
    if how == "zip":
        return zipped(dict.fromkeys(draw(st.lists(st.sampled_from(("a.csv", "b/", "c.csv")), unique=True)), content))
    if how == "magic":
        return draw(st.sampled_from(MAGIC)) + draw(st.binary(max_size=60))
    return draw(st.binary(max_size=200)) if how == "binary" else content


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


scalars = st.sampled_from(CELLS) | st.integers() | st.floats() | st.booleans() | st.none() | st.text(max_size=8)
values = st.recursive(scalars, lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=4), s, max_size=3))


@st.composite
def changed(draw: Any, record: Mapping[str, Any], further: Sequence[str] = ()) -> dict[Any, Any]:
    """A record with some keys gone, some of another value, and some that do not belong."""
    found: dict[Any, Any] = dict(record)
    for key in draw(st.lists(st.sampled_from([*record, *further]), max_size=3)):
        if draw(st.integers(0, 3)) == 0:
            found.pop(key, None)
        else:
            found[key] = draw(values)
    return found


@st.composite
def yamls(draw: Any, record: Mapping[str, Any], further: Sequence[str] = ()) -> bytes:
    """A YAML file that resembles one of ours."""
    content = draw(changed(record, further))
    try:
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    except yaml.YAMLError:
        text = repr(content)
    extra = draw(
        st.sampled_from(
            ("",) * 6 + ("\tx: 1\n", "name: again\n", "a: &a [*a]\n", "- 1\n", "? [\n", "!!python/object:os.system x\n")
        )
    )
    return draw(broken((extra + text if draw(st.booleans()) else text + extra).encode("utf-8", "replace")))


@st.composite
def json_lines(draw: Any, records: Sequence[Mapping[str, Any]]) -> bytes:
    """Some of the records, changed, a line each."""
    lines = [
        json.dumps(draw(changed(draw(st.sampled_from(records)))), default=str) for _ in range(draw(st.integers(0, 4)))
    ]
    return draw(broken("\n".join(lines).encode("utf-8", "replace")))


@st.composite
def said(draw: Any) -> str:
    """What a model may say: a reply of the asked form, noise, one thing over and over, bytes that are no text."""
    pieces = st.sampled_from(
        (
            *(
                "1",
                "A",
                "A: 40",
                "B: 60",
                "yes",
                "good, very confident",
                "BETTER: A",
                "TIE",
                "Setting:",
                "Answer:",
                "- ",
            ),
            *("As an AI language model", "[END OF CONVERSATION]", "goodbye", "...", "?", "\n", " ", '"', "*", "(", "½"),
            *("</think>", "<|im_end|>", "{{ 7 * 7 }}", "{country}", "٣", "\x00", "\x1b[2J", "\ud800", "\ufffd", "1,5"),
        )
    )
    text = draw(
        st.lists(pieces | st.text(max_size=10) | st.binary(max_size=8).map(lambda b: b.decode("latin-1")), max_size=8)
    )
    return "".join(text) * draw(st.sampled_from((1, 1, 1, 1, 2, 60)))
