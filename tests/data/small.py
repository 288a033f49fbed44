"""A survey of three items in files, and the respondents behind it."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

TRUST = {
    "id": "T1", "topic": "trust", "battery": "trust", "scale": "ordinal", "codes": [1, 3, 2],
    "concept": "trust in strangers", "direction": "less trust", "question": "Do you trust strangers?",
    "options": ["Yes", "It depends", "No"], "predicates": ["trust strangers", "trust some", "trust no stranger"],
}  # fmt: skip
DIVORCE = {
    "id": "D1", "topic": "ethics", "battery": "acts", "scale": "ten_point", "codes": list(range(1, 11)),
    "concept": "divorce", "direction": "more justifiable", "question": "Can divorce be justified?",
    "options": ["never", "always"],
    "predicates": ["reject divorce", "doubt divorce", "waver over divorce", "accept divorce", "welcome divorce"],
}  # fmt: skip
FAITH = {
    "id": "F1", "topic": "faith", "battery": "faith", "scale": "nominal", "codes": [1, 2],
    "concept": "faith", "direction": None, "question": "What do you believe in?",
    "options": ["God", "Nature"], "predicates": ["believe in God", "believe in nature"],
}  # fmt: skip
ITEMS = (TRUST, DIVORCE, FAITH)
SPLITS = [("trust", "train"), ("acts", "validation"), ("faith", "test")]


def write_items(path: Path, *items: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items or ITEMS), encoding="utf-8")
    return path


def write_rows(path: Path, columns: str, *rows: object) -> Path:
    """A CSV of ``columns`` (comma separated names); rows are tuples, or text as it should stand."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(row.split(",") if isinstance(row, str) else row for row in rows)
    return path


def write_respondents(path: Path, people: list[dict[str, object]], padding: int = 0) -> Path:
    """A CSV in the official form: one row a person, ``padding`` columns that nobody reads."""
    columns = dict.fromkeys(key for person in people for key in person)
    with path.open("w", encoding="utf-8", newline="") as file:
        extra = [f"X{k}" for k in range(padding)]
        writer = csv.DictWriter(file, [*extra, *columns], restval="-4")
        writer.writeheader()
        writer.writerows(people)
    return path
