"""The overview of all finished cells: a page, and the same as CSV and Markdown."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from alignbench.evaluation.board import Row
from alignbench.report import variety
from alignbench.report.numbers import MISSING, change, interval, number, within
from alignbench.report.page import environment
from alignbench.report.record import CellRecord
from alignbench.report.variety import Variety

_NUMBERS = ("score", "low", "high", "skill", "difference", "difference_low", "difference_high", "p_value")
_GUARDS = ("detectable", "format_spread", "separable", "items")
_CROSS = ("own_minus_cross", "own_minus_cross_low", "own_minus_cross_high")
COLUMNS = ("method", "culture", "model", "seed", *_NUMBERS, *_GUARDS, *_CROSS, "page")

READING = (
    "Scores are comparable within a culture and survey split. In brackets: 95 % intervals over batteries of questions; "
    "they do not cover the chance in training. Could see: the true difference that is found with a chance of 80 %. "
    "Format: half the range of the score over formats; ≈ marks a difference that is not separable from it."
)

Line = tuple[str, CellRecord, Row]


def write_index(records: Mapping[str, CellRecord], folder: Path, varieties: Sequence[Variety] = ()) -> Path:
    """Write ``index.html``, ``cells.csv`` and ``cells.md`` into ``folder``; return the first.

    Args:
        records: finished cells by the name of their page, which lies in ``folder/<name>/index.html``.
        folder: made if missing.
        varieties: of the methods that answered in several cultures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [(name, record, headline(record)) for name, record in sorted(records.items(), key=_order)]
    _write_csv(folder / "cells.csv", lines)
    text = f"{_markdown(lines)}\n{READING}\n" + (
        f"\n{variety.markdown(varieties)}\n{variety.READING}\n" if varieties else ""
    )
    (folder / "cells.md").write_text(text, encoding="utf-8")
    page = environment().get_template("index.html.jinja")
    path = folder / "index.html"
    notes = list(dict.fromkeys(note for _, record, _ in lines for note in record.notes))
    warnings = list(dict.fromkeys(record.warning for _, record, _ in lines if record.warning))
    shown = {"varieties": varieties, "reading": READING, "variety_reading": variety.READING}
    path.write_text(page.render(lines=lines, notes=notes, warnings=warnings, **shown), encoding="utf-8")
    return path


def headline(record: CellRecord) -> Row:
    """The row that stands for the cell: the aligned model, the base model where nothing was aligned."""
    return record.aligned or record.base or record.rows[0]


def _write_csv(path: Path, lines: list[Line]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, record, row in lines:
            cell = record.cell
            control = record.control
            cross = (control.difference, control.difference_low, control.difference_high) if control else (None,) * 3
            figures = [getattr(row, column) for column in (*_NUMBERS, *_GUARDS)]
            writer.writerow([cell.method, cell.culture, cell.model, cell.seed, *figures, *cross, f"{name}/index.html"])


def _markdown(lines: list[Line]) -> str:
    figures = "score, 95 % | difference to base, 95 % | could see | format | own minus cross"
    rows = [f"| culture | model | method | seed | {figures} |", "|---|---|---|--:|---|---|--:|--:|---|"]
    for name, record, row in lines:
        cell = record.cell
        texts = [
            cell.culture,
            cell.model,
            f"[{cell.method}]({name}/index.html)",
            str(cell.seed),
            f"{number(row.score)} {interval(row.low, row.high)}",
            _difference(row),
            number(row.detectable),
            within(row.format_spread, row.separable),
            _difference(record.control),
        ]
        rows.append("| " + " | ".join(text.replace("|", r"\|") for text in texts) + " |")
    return "\n".join(rows) + "\n"


def _order(named: tuple[str, CellRecord]) -> tuple[str, str, str, int]:
    cell = named[1].cell
    return cell.culture, cell.model, cell.method, cell.seed


def _difference(row: Row | None) -> str:
    return change(row.difference, row.difference_low, row.difference_high) if row else MISSING
