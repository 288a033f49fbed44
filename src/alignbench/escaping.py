"""Texts of models, surveys and files are data wherever they are shown: nothing may take them for orders.

HTML is escaped by the templates themselves; here is what a terminal, a table in Markdown, a spreadsheet and LaTeX need.
"""

import re
from zlib import crc32

# Control characters, those that turn the direction of writing, breaks that are no newline, and halves of a character.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# What makes a spreadsheet take a text for a formula, full-width signs included.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_LATEX = {"\\": r"\textbackslash{}", **{c: f"\\{c}" for c in "&%$#_{}"}, "~": r"\textasciitilde{}", "†": r"\dag{}"}
_LATEX |= {
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "–": "--",
    "<": "$<$",
    "’": "'",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "‡": r"\ddag{}",
    "§": r"\S{}",
}
# Bytes of a file's name that every file system takes, with room for an ending.
_LONGEST = 200


def printable(text: str) -> str:
    """``text`` for a terminal: what it would obey or not show is written out, ``\\x1b``; newlines and tabs stay."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """:func:`printable` on a single line, blanks as they are."""
    return printable(re.sub(r"[\r\n\t\v\f\u2028\u2029\x85]+", " ", text))


def markdown(text: str) -> str:
    """``text`` as running words of a Markdown line or table cell: no tag, link, code or further cell begins in it.

    What is :func:`ours` stays as it is.
    """
    if isinstance(text, _Ours):
        return text
    text = one_line(text).replace("\\", r"\\").replace("`", r"\`").replace("|", r"\|").replace("](", r"]\(")
    return re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", text)


class _Ours(str):
    """Markdown that we wrote ourselves."""

    __slots__ = ()


def ours(text: str) -> str:
    """A cell in Markdown of our own, for :func:`markdown` to leave as it is but for its bars."""
    return _Ours(text.replace("|", r"\|"))


def code(text: object) -> str:
    """``text`` for a line inside a block or a span of code in Markdown, which ends at a backtick."""
    return one_line(str(text)).replace("`", "'")


def latex(text: str) -> str:
    """``text`` as words of LaTeX: no command, comment or paragraph begins in it."""
    return "".join(_LATEX.get(sign, sign) for sign in one_line(text))


def cell(value: object) -> object:
    """A value of a CSV: a text that a spreadsheet would reckon out gets an apostrophe before it, numbers stay."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def file_name(text: str) -> str:
    """``text`` as the name of one file or folder: letters, digits and ``.,+=-_``, never a way out of the folder."""
    name = re.sub(r"[^\w.,+=-]", "_", text)
    name = re.sub(r"^\.+", "_", name) or "_"
    whole = name.encode()
    if len(whole) <= _LONGEST:
        return name
    return f"{whole[:_LONGEST].decode(errors='ignore')}-{crc32(whole):08x}"
