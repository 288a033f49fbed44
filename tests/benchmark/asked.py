"""Benchmarks in published formats, asked of an engine that is a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignbench.aligned import ModelSession
from alignbench.benchmark import COLUMNS, Benchmark, Reply
from alignbench.benchmark.ask import ask
from alignbench.types import Culture, PromptPolicy
from tests.judge.toy import Table

GREECE = Culture("greece", "Greece", "GRC", "Greek", "el", (), "turkey")
KOREA = Culture("korea", "South Korea", "KOR", "South Korean", "ko", (), "japan")
USA = Culture("usa", "the United States", "USA", "American", "en", ("United States of America",), "china")


def prefers(*texts: str) -> Table:
    """Picks the option in which one of ``texts`` stands, by whatever number or letter it is listed, or answers so."""

    def score(message: str, option: str) -> float:
        line = next((line for line in message.splitlines() if line.startswith(f"{option}. ")), option)
        return 5.0 if any(text in line for text in texts) else 0.0

    return Table(score)


def says(*answers: tuple[str, str]) -> Table:
    """Says the second text to a message in which the first stands."""
    return Table(say=lambda message: next((answer for part, answer in answers if part in message), ""))


def replies(benchmark: Benchmark, engine: Table, *cultures: Culture) -> list[Reply]:
    """What the engine replies about each culture."""
    return [
        r for c in cultures for r in ask(ModelSession(engine, None, PromptPolicy()), benchmark, benchmark.questions(c))
    ]


def scored(benchmark: Benchmark, engine: Table, *cultures: Culture) -> pd.DataFrame:
    """The table of scores, its form checked."""
    table = benchmark.score(replies(benchmark, engine, *cultures))
    assert tuple(table.columns[: len(COLUMNS)]) == COLUMNS
    assert not table.isna().any().any()
    return table


def values(table: pd.DataFrame, metric: str, by: str = "item") -> dict[str, float]:
    """Facet (or item) -> value of one metric, rounded."""
    rows = table[table["metric"] == metric]
    return {str(key): round(float(value), 4) for key, value in zip(rows[by], rows["value"], strict=True)}


def write_csv(path: Path, rows: Sequence[dict[str, object]], delimiter: str = ",") -> Path:
    """A CSV with the keys of the first row as its header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json(path: Path, value: object) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path
