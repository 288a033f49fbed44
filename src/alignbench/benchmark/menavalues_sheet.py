"""The published sheet of MENAValues: one row per field, one column per question."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from alignbench.benchmark.published import literal
from alignbench.data.checks import existing, nearest
from alignbench.data.cultures import bare
from alignbench.errors import AlignbenchError
from alignbench.types import check, one_of

# Name in the ids (WVS1 ... WVS291, AOI292 ... AOI864, counted by column) -> how the sheet may call the survey: the
# release has "WVS 7" and "The 2022 Arab Opinion Index".
_SURVEYS = {"WVS": r"\bwvs|world values survey", "AOI": r"\baoi|arab opinion index"}
COUNTRIES = {
    "DZA": "Algeria",
    "EGY": "Egypt",
    "IRN": "Iran",
    "IRQ": "Iraq",
    "JOR": "Jordan",
    "KWT": "Kuwait",
    "LBN": "Lebanon",
    "LBY": "Libya",
    "MAR": "Morocco",
    "MRT": "Mauritania",
    "PSE": "Palestine",
    "QAT": "Qatar",
    "SAU": "Saudi Arabia",
    "SDN": "Sudan",
    "TUN": "Tunisia",
    "TUR": "Turkey",
}
_FIELDS = ("Source", "Min", "MAX", "Scale", "Category", "Sub Category", "Full Question")
_IGNORED = ("Sub Question",)
# One released header spells it so.
_TYPOS = {"tusnia": "tunisia"}
# y ordinal, n nominal; one released cell has an s, which stands among ordinal ones.
_ORDINAL = {"y": True, "n": False, "s": True}
# What cells of countries that gave no usable answer hold: nothing, "(No data, {})", "(No values <= 4, {})".
_NO_DATA = re.compile(r"(none|nan|\(?\s*no (data|values?)\b.*)?", re.IGNORECASE | re.DOTALL)
_CELL = "a text such as (1.5, {'1': '50.00%', '2': '50.00%'}), or (No data, {})"


@dataclass(frozen=True)
class SheetQuestion:
    """A question and how one country answered it.

    Attributes:
        survey: WVS or AOI.
        codes: all from ``Min`` to ``MAX``.
        centre: mean code of an ordinal question, modal code of a nominal one.
        shares: of the codes, sum 1.
    """

    id: str
    survey: str
    ordinal: bool
    category: str
    sub_category: str
    question: str
    codes: tuple[int, ...]
    centre: float
    shares: tuple[float, ...]


def sheet_questions(path: Path, iso3: str) -> list[SheetQuestion]:
    """The questions that a country answered.

    Codes outside ``Min`` to ``MAX`` are dropped, the other shares scaled to sum 1 and the centre worked out again.

    Raises:
        AlignbenchError: no such file or row, or a cell that is not in the published format.
    """
    rows = _rows(path)
    found = []
    for i, cell in enumerate(rows[COUNTRIES[iso3].casefold()]):
        fields = {field: rows[field.casefold()][i] for field in _FIELDS}
        where = f"{path}, question {i + 1}"
        entry = _entry(where, i + 1, fields, COUNTRIES[iso3], cell)
        if entry is not None:
            found.append(entry)
    return found


def _rows(path: Path) -> dict[str, list[Any]]:
    """Label in small letters -> the cells behind it, one per question."""
    try:
        frame = pd.read_excel(existing(path), header=None, dtype=object)
    except (ValueError, BadZipFile):
        raise AlignbenchError("file", str(path), "give the published sheet, an Excel workbook (.xlsx)") from None
    known = [*_FIELDS, *_IGNORED, *COUNTRIES.values()]
    labels = {name.casefold() for name in known}
    rows: dict[str, list[Any]] = {}
    for number, (label, *cells) in enumerate(frame.itertuples(index=False, name=None), start=1):
        name = _TYPOS.get(_text(label).casefold(), _text(label).casefold())
        if number == 1 and name not in labels:
            continue  # the numbers of the questions
        field = f"{path}, row {number}"
        check(name in labels, field, label, f"rows are named {', '.join(known)}{nearest(label, known)}")
        check(name not in rows, field, label, "this row is given twice")
        rows[name] = cells
    for name in [*_FIELDS, *COUNTRIES.values()]:
        remedy = f"this row is missing; the published sheet has the rows {', '.join(known)}, one column a question"
        check(name.casefold() in rows, f"{path}, row", name, remedy)
    return rows


def _entry(where: str, number: int, fields: dict[str, Any], country: str, cell: Any) -> SheetQuestion | None:
    source, scale, question = (_text(fields[field]) for field in ("Source", "Scale", "Full Question"))
    surveys = [name for name, pattern in _SURVEYS.items() if re.search(pattern, bare(source))]
    remedy = "name the World Values Survey (WVS) or the Arab Opinion Index (AOI)"
    check(len(surveys) == 1, f"{where}, Source", source, remedy)
    one_of(f"{where}, Scale", scale.lower(), tuple(_ORDINAL))
    check(bool(question), f"{where}, Full Question", question, "write the question")
    low, high = (_code(f"{where}, {field}", fields[field]) for field in ("Min", "MAX"))
    check(low < high, f"{where}, MAX", high, f"a scale that begins at {low} must end above it")
    codes, ordinal = tuple(range(low, high + 1)), _ORDINAL[scale.lower()]
    truth = _truth(f"{where}, {country}", cell, codes, ordinal)
    if truth is None:
        return None
    survey, category, sub_category = surveys[0], _text(fields["Category"]), _text(fields["Sub Category"])
    return SheetQuestion(f"{survey}{number}", survey, ordinal, category, sub_category, question, codes, *truth)


def _truth(where: str, cell: Any, codes: Sequence[int], ordinal: bool) -> tuple[float, tuple[float, ...]] | None:
    """Centre and shares; None where there are no data."""
    text = _text(cell)
    if _NO_DATA.fullmatch(text):
        return None
    found = literal(where, re.sub(r"^\(nan\b", "(None", text), _CELL)
    paired = isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict)
    check(paired, where, text[:80], f"write {_CELL}")
    centre, answers = found
    amounts = {_code(where, code): _percent(where, share) for code, share in answers.items()}
    shares = np.array([amounts.get(code, 0.0) for code in codes])
    if shares.sum() == 0:
        return None
    shares /= shares.sum()
    on_scale = centre is not None and codes[0] <= _number(where, centre) <= codes[-1]
    if not on_scale or set(amounts) - set(codes):
        centre = shares @ np.array(codes) if ordinal else codes[int(shares.argmax())]
    return float(centre), tuple(shares.tolist())


def _percent(where: str, share: Any) -> float:
    value = _number(where, str(share).strip().removesuffix("%"))
    check(value >= 0, where, share, "shares are 0 or more")
    return value


def _code(where: str, value: Any) -> int:
    number = _number(where, value)
    check(number.is_integer(), where, value, "codes are whole numbers")
    return int(number)


def _number(where: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    check(math.isfinite(number), where, value, "give a number")
    return number


def _text(cell: Any) -> str:
    return "" if cell is None or cell != cell else str(cell).strip()
