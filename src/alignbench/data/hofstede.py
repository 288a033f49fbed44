"""Hofstede's six dimensions, table of 2015: published figures of the countries that have a culture."""

import csv
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parents[1] / "resources" / "hofstede2015.csv"


@cache
def country_table(path: Path) -> dict[str, dict[str, int]]:
    """iso3 -> its known figures by column, in the order of the columns; empty cells and lines of ``#`` are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {row.pop("iso3"): {name: int(cell) for name, cell in row.items() if cell} for row in rows}


def hofstede() -> dict[str, dict[str, int]]:
    """iso3 -> its known indices by name (pdi, idv, mas, uai, lto, ivr); what is not published is left out."""
    return country_table(TABLE)
