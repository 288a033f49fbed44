"""The board of a store: all cells, seeds pooled, as one page, and as CSV, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from alignbench.progress import say
from alignbench.report.board.cost import Ledger
from alignbench.report.board.files import write_files
from alignbench.report.board.groups import groups
from alignbench.report.board.lines import Board
from alignbench.report.board.page import write_board
from alignbench.report.page import write_page
from alignbench.report.study import Finished, finished, with_items


def write(store: Path, reports: Path) -> tuple[int, Path]:
    """Write the pages of all finished cells and their board into ``reports``; how many, and the board's page.

    Raises:
        AlignbenchError: the store holds no finished cell.
    """
    cells = finished(store)
    pages = _pages(cells)
    for stage, record in cells:
        if stage in pages:
            write_page(record, reports / pages[stage], stage)
    board = read(cells, store, reports, pages)
    write_files(board)
    return len(pages), write_board(board)


def read(cells: Sequence[Finished], store: Path, reports: Path, pages: Mapping[Path, str]) -> Board:
    """The board of these cells, those of an earlier version left out."""
    usable = with_items(cells)
    if waiting := sum(cell.stage in pages for cell in cells) - len(usable):
        say(f"{waiting} cells have no scores by item: issue their commands again (no model is loaded)")
    return Board(groups(usable), Ledger(store), reports, pages)


def _pages(cells: Sequence[Finished]) -> dict[Path, str]:
    """Stage folder -> name of the page's folder.

    The newest cell of a name keeps it. Older ones carry their key, unless they are of an earlier version: then the
    newest took their place.
    """
    newest = {cell.record.cell.slug: cell.stage for cell in cells}
    usable = {cell.stage for cell in with_items(cells)}
    found = {}
    for cell in cells:
        name = cell.record.cell.slug
        if newest[name] == cell.stage:
            found[cell.stage] = name
        elif cell.stage in usable:
            found[cell.stage] = f"{name}-{cell.stage.name[:6]}"
    return found
