"""The board of a store: all cells, seeds pooled, as one page, and as CSV, Markdown and LaTeX.

The page is one self-contained HTML file that works from the disk, on a phone and on paper.
"""

import base64
from collections.abc import Sequence
from pathlib import Path

from alignbench.files import write_text
from alignbench.record.finished import FinishedCell, pages, with_items
from alignbench.record.lineage import Lineage
from alignbench.report import variety
from alignbench.report.board import elicitation, pairs
from alignbench.report.board.files import write_files
from alignbench.report.board.groups import groups
from alignbench.report.board.lines import ALPHA, Board
from alignbench.report.board.panels import Section, sections
from alignbench.report.page import environment

# Pictures of ``task=protocols``, below the reports.
MAPS, MATRICES = "protocols/*/cultural_map.png", "protocols/*/specificity-*.png"
TEMPLATES = Path(__file__).parent / "templates"


def write(cells: Sequence[FinishedCell], store: Path, reports: Path) -> Path:
    """Write the board of these cells into ``reports``, and ``index.html``, which leads to it; the board's page.

    Cells whose scores by item cannot be read are left out; pictures of ``task=protocols`` are shown where they are.
    """
    board = read(cells, store, reports)
    return render(board, sections(board))


def render(board: Board, shown: Sequence[Section]) -> Path:
    """:func:`write` of a board and its worlds that were read already."""
    reports = board.folder
    reports.mkdir(parents=True, exist_ok=True)
    write_files(board, shown)
    made = environment(TEMPLATES)
    text = made.get_template("overview.html.jinja").render(
        sections=shown,
        cells=sum(len(section.records) for section in shown),
        variety_reading=variety.READING,
        pairs_reading=pairs.READING,
        elicited_reading=elicitation.READING,
        alpha=ALPHA,
        maps=_pictures(reports, MAPS),
        matrices=_pictures(reports, MATRICES),
    )
    path = reports / "board.html"
    write_text(path, text)
    write_text(reports / "index.html", made.get_template("index.html.jinja").render())
    return path


def read(cells: Sequence[FinishedCell], store: Path, reports: Path) -> Board:
    """The board of those cells whose scores by item can be read."""
    lineage = Lineage(store)
    return Board(groups(with_items(cells), lineage), lineage, reports, pages(cells))


def _pictures(folder: Path, pattern: str) -> list[tuple[str, str]]:
    """What each is of (model, survey and block), and the picture as a data URI."""
    return [
        (path.parent.name, f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}")
        for path in sorted(folder.glob(pattern))
    ]
