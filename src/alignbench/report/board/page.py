"""The board's page: one self-contained HTML file that works from the disk, on a phone and on paper."""

import base64
from collections.abc import Sequence
from pathlib import Path

from alignbench.files import write_text
from alignbench.report import variety
from alignbench.report.board import marks, pairs
from alignbench.report.board.lines import ALPHA, Board
from alignbench.report.board.panels import Section
from alignbench.report.page import environment

# Pictures of ``task=protocols``, below the reports.
MAPS, MATRICES = "protocols/*/cultural_map.png", "protocols/*/specificity-*.png"

TEMPLATES = Path(__file__).parent / "templates"


def write_board(board: Board, sections: Sequence[Section]) -> Path:
    """Write ``board.html`` into the board's folder, and ``index.html``, which leads there; return the first.

    Pictures of ``task=protocols`` are shown where the folder holds them.
    """
    templates = environment(TEMPLATES)
    templates.globals["marks"] = marks
    text = templates.get_template("overview.html.jinja").render(
        sections=sections,
        cells=sum(len(section.records) for section in sections),
        variety_reading=variety.READING,
        pairs_reading=pairs.READING,
        alpha=ALPHA,
        maps=_pictures(board.folder, MAPS),
        matrices=_pictures(board.folder, MATRICES),
    )
    path = board.folder / "board.html"
    write_text(path, text)
    write_text(board.folder / "index.html", templates.get_template("index.html.jinja").render())
    return path


def _pictures(folder: Path, pattern: str) -> list[tuple[str, str]]:
    """What each is of (model, survey and block), and the picture as a data URI."""
    return [
        (path.parent.name, f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}")
        for path in sorted(folder.glob(pattern))
    ]
