"""The board's page: one self-contained HTML file that works from the disk, on a phone and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, PackageLoader

from alignbench.report import variety
from alignbench.report.board import marks
from alignbench.report.board.lines import Board
from alignbench.report.board.panels import Panel
from alignbench.report.page import environment
from alignbench.report.protocols.write import MAPS, MATRICES


def write_board(board: Board, panels: Sequence[Panel]) -> Path:
    """Write ``board.html`` into the board's folder, and ``index.html``, which leads there; return the first.

    Pictures of ``task=protocols`` are shown where they lie beside it.
    """
    templates = environment()
    templates.loader = ChoiceLoader([PackageLoader("alignbench.report.board"), PackageLoader("alignbench.report")])
    templates.globals["marks"] = marks
    records = [cell.record for group in board.groups for cell in group.cells]
    text = templates.get_template("overview.html.jinja").render(
        board=board,
        panels=panels,
        lines=board.lines,
        compared=[line for line in board.lines if line.compared],
        cells=len(records),
        warnings=_once(record.warning for record in records),
        notes=_once(note for record in records for note in record.notes),
        reading=_once(sentence for record in records for sentence in record.reading_of_tables),
        variety_reading=variety.READING,
        score_names=_once(record.score_name for record in records),
        seeds=sorted({record.cell.seed for record in records}),
        maps=[_picture(path) for path in sorted(board.folder.glob(MAPS))],
        matrices=[_picture(path) for path in sorted(board.folder.glob(MATRICES))],
    )
    path = board.folder / "board.html"
    path.write_text(text, encoding="utf-8")
    (board.folder / "index.html").write_text(templates.get_template("index.html.jinja").render(), encoding="utf-8")
    return path


def _once(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _picture(path: Path) -> str:
    """The picture as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
