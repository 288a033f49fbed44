"""The published sheet of MENAValues: one row per field, one column per question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alignbench.benchmark.files import Record, spelt, workbook
from alignbench.benchmark.forms import MENAVALUES
from alignbench.data.cultures import bare
from alignbench.types import check

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
# One released header spells it so.
_TYPOS = {"Tusnia": "Tunisia"}
# y ordinal, n nominal; one released cell has an s, which stands among ordinal ones.
_ORDINAL = {"y": True, "n": False, "s": True}
# What cells of countries that gave no usable answer hold: nothing, "(No data, {})", "(No values <= 4, {})".
_NO_DATA = re.compile(r"(none|nan|\(?\s*no (data|values?)\b.*)?", re.IGNORECASE | re.DOTALL)
# Each code is asked for: a slip of the keyboard must not make a million of them. The longest released scale has 36.
_MOST_CODES = 100
_CELL = "(1.5, {'1': '50.00%', '2': '50.00%'}) or (No data, {})"


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
    frame, country = workbook(path, MENAVALUES), COUNTRIES[iso3]
    form = replace(MENAVALUES, columns=(*MENAVALUES.columns, country))
    labels = [_TYPOS.get(label, label) for label in map(str.strip, map(str, frame[0]))]
    names = spelt(path, labels, form.kind, [form])
    columns = (dict(zip(names, cells, strict=True)) for cells in frame.to_numpy().T[1:])
    entries = (_entry(n, Record(f"{path}, question {n}", cells), country) for n, cells in enumerate(columns, start=1))
    return [entry for entry in entries if entry is not None]


def _entry(number: int, record: Record, country: str) -> SheetQuestion | None:
    """The question of a column; None where the country did not answer it."""
    source, question = record.text("Source"), record.text("Full Question")
    surveys = [name for name, pattern in _SURVEYS.items() if re.search(pattern, bare(source))]
    if len(surveys) != 1:
        raise record.wrong("Source", source, "name the World Values Survey (WVS) or the Arab Opinion Index (AOI)")
    ordinal = _ORDINAL[record.choice("Scale", tuple(_ORDINAL))]
    low, high = (record.whole(field, record.cells[field]) for field in ("Min", "MAX"))
    remedy = f"a scale that begins at {low} ends above it, and has at most {_MOST_CODES} codes"
    check(low < high < low + _MOST_CODES, f"{record.where}, MAX", high, remedy)
    codes = tuple(range(low, high + 1))
    truth = _truth(record, country, codes, ordinal)
    if truth is None:
        return None
    category, sub_category = record.given("Category"), record.given("Sub Category")
    return SheetQuestion(f"{surveys[0]}{number}", surveys[0], ordinal, category, sub_category, question, codes, *truth)


def _truth(record: Record, country: str, codes: Sequence[int], ordinal: bool) -> tuple[float, tuple[float, ...]] | None:
    """Centre and shares; None where there are no data."""
    if _NO_DATA.fullmatch(record.given(country)):
        return None
    cell = Record(record.where, {country: re.sub(r"^\(nan\b", "(None", record.given(country))})
    found = cell.parsed(country, tuple, _CELL)
    if len(found) != 2 or not isinstance(found[1], dict):
        raise cell.wrong(country, found, f"write it as {_CELL}")
    centre, answers = found
    amounts = {cell.whole(country, code): _percent(cell, country, share) for code, share in answers.items()}
    shares = np.array([amounts.get(code, 0.0) for code in codes])
    if shares.sum() == 0:
        return None
    shares /= shares.sum()
    on_scale = centre is not None and codes[0] <= cell.as_number(country, centre) <= codes[-1]
    if not on_scale or set(amounts) - set(codes):
        centre = shares @ np.array(codes) if ordinal else codes[int(shares.argmax())]
    return float(centre), tuple(shares.tolist())


def _percent(cell: Record, country: str, share: object) -> float:
    value = cell.as_number(country, str(share).strip().removesuffix("%"))
    check(value >= 0, f"{cell.where}, {country}", share, "shares are 0 or more")
    return value
