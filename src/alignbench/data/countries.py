"""ISO 3166 codes of countries: three letters are what everything here goes by."""

import csv
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parents[1] / "resources" / "iso3166.csv"


@cache
def _three() -> dict[str, str]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["alpha2"]: row["alpha3"] for row in csv.DictReader(file)}


def alpha3(text: str) -> str | None:
    """The three letters of a code of three or two, whatever its case; None for anything else.

    Three letters are taken as they are: surveys have their own for places that are no country (NIR, Northern Ireland).
    """
    code = text.strip().upper()
    return code if len(code) == 3 and code.isalpha() and code.isascii() else _three().get(code)
