"""The board of a store: all cells, seeds pooled, as one page, and as CSV, Markdown and LaTeX."""

from collections.abc import Sequence
from pathlib import Path

from alignbench.record.finished import FinishedCell, pages, with_items
from alignbench.record.lineage import Lineage
from alignbench.report.board.files import write_files
from alignbench.report.board.groups import groups
from alignbench.report.board.lines import Board
from alignbench.report.board.page import write_board
from alignbench.report.board.panels import sections


def write(cells: Sequence[FinishedCell], store: Path, reports: Path) -> Path:
    """Write the board of these cells into ``reports``; its page.

    Cells whose scores by item cannot be read are left out.
    """
    board = read(cells, store, reports)
    reports.mkdir(parents=True, exist_ok=True)
    shown = sections(board)
    write_files(board, shown)
    return write_board(board, shown)


def read(cells: Sequence[FinishedCell], store: Path, reports: Path) -> Board:
    """The board of those cells whose scores by item can be read."""
    lineage = Lineage(store)
    return Board(groups(with_items(cells), lineage), lineage, reports, pages(cells))
