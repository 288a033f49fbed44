"""A sheet of MENAValues' published size and form, made up: ``python -m tests.benchmark.full_sheet PATH [ITEMS]``.

864 questions by column, 24 rows, the published counts of surveys, scales, categories and of questions that each
country answered; with the oddities of the release: a survey named with article and year, cells that say why they hold
no shares, a misspelt country, a stray scale, codes written 1 or 1.0, and codes off the scale. The questions are ours
and mean nothing, so that the whole protocol can run without the published file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from openpyxl import Workbook

WVS, ITEMS, NOMINAL, FROM_ZERO, OFF_SCALE = 291, 864, 109, 19, 52
# Last code -> how many questions; those that begin at 0 are of the ten-point ones.
LAST_CODES = {4: 439, 5: 140, 10: 110, 2: 70, 3: 70, 7: 20, 11: 10, 20: 4, 36: 1}
CATEGORIES = {
    "GOVERNANCE & POLITICAL SYSTEMS": 578,
    "SOCIAL & CULTURAL IDENTITY": 168,
    "INDIVIDUAL WELLBEING & DEVELOPMENT": 101,
    "ECONOMIC DIMENSIONS": 17,
}
ANSWERED = {
    "Lebanon": 794, "Iraq": 781, "Jordan": 767, "Libya": 739, "Morocco": 737, "Egypt": 736, "Tusnia": 730,
    "Sudan": 505, "Mauritania": 476, "Palestine": 471, "Kuwait": 465, "Algeria": 453, "Qatar": 453,
    "Saudi Arabia": 441, "Turkey": 252, "Iran": 251,
}  # fmt: skip
_THINGS = (
    "a lamp",
    "a wooden chair",
    "a garden path",
    "a blue door",
    "a tea cup",
    "a long table",
    "a paper kite",
    "a bell",
)
_PLACES = ("a hall", "a kitchen", "a small office", "a station", "a library", "a workshop")
_JUDGED = ("suit", "look good in", "belong in", "fit into", "make noise in", "take up room in")
_SETTINGS = ("", " in the morning", " when many people are there")


def write_sheet(path: Path, items: int = ITEMS, seed: int = 0) -> Path:
    """The first ``items`` questions as an Excel workbook at ``path``."""
    rng = np.random.default_rng(seed)
    columns = _questions(rng)
    for number, (country, count) in enumerate(ANSWERED.items()):
        answered = set(rng.choice(ITEMS, count, replace=False).tolist())
        off = set(rng.choice(sorted(answered), OFF_SCALE // 16 + (number < OFF_SCALE % 16), replace=False).tolist())
        for k, column in enumerate(columns):
            missing = ("(No data, {})", None, f"(No values <= {column['MAX']}, {{}})")[k % 3]
            column[country] = _cell(column, rng, k in off) if k in answered else missing
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append([None, *range(1, items + 1)])
    for field in columns[0]:
        page.append([field, *(column[field] for column in columns[:items])])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def _questions(rng: np.random.Generator) -> list[dict[str, object]]:
    """All fields but the countries."""
    last = rng.permutation(np.repeat(list(LAST_CODES), list(LAST_CODES.values())))
    nominal = set(rng.choice(ITEMS, NOMINAL, replace=False).tolist())
    from_zero = set(np.flatnonzero(last == 10)[:FROM_ZERO].tolist())
    stray = next(k for k in range(ITEMS) if k not in nominal)
    category = np.repeat(list(CATEGORIES), list(CATEGORIES.values()))
    wordings = [(a, b, c, d) for d in _SETTINGS for a in _THINGS for b in _JUDGED for c in _PLACES]
    found: list[dict[str, object]] = []
    for k, (thing, judged, place, setting) in zip(range(ITEMS), wordings, strict=False):
        first, end = int(k not in from_zero), int(last[k])
        text = f"How much would {thing} {judged} {place}{setting}? {first}: least, {end}: most. Provide a number only."
        found.append(
            {
                "Source": "WVS 7" if k < WVS else "The 2022 Arab Opinion Index",
                "Sub Question": f"{thing}, {place}" if k < WVS else None,
                "Min": first,
                "MAX": end,
                "Scale": "n" if k in nominal else "s" if k == stray else "y",
                "Category": str(category[k]),
                "Sub Category": f"Group {k // 12 + 1}",
                "Full Question": text,
            }
        )
    return found


def _cell(column: dict[str, object], rng: np.random.Generator, off_scale: bool) -> str:
    """``(centre, {'1': '41.70%', ...})``; with ``off_scale`` a tenth of the answers has a code of 99."""
    codes = np.arange(int(str(column["Min"])), int(str(column["MAX"])) + 1)
    shares = rng.dirichlet(np.ones(len(codes)))
    centre = codes[shares.argmax()] if column["Scale"] == "n" else round(float(codes @ shares), 2)
    answers = dict(zip(codes.tolist(), shares * (0.9 if off_scale else 1.0), strict=True))
    if off_scale:
        answers[99] = 0.1
    written = "{}" if column["Source"] == "WVS 7" else "{}.0"
    return str(
        (
            centre if isinstance(centre, float) else int(centre),
            {written.format(c): f"{s:.2%}" for c, s in answers.items()},
        )
    )


if __name__ == "__main__":
    sys.stdout.write(f"{write_sheet(Path(sys.argv[1]), *map(int, sys.argv[2:3]))}\n")
