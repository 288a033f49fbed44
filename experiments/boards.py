"""What the summaries of the studies share: finished cells of a store as one board per culture, seeds pooled."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from alignbench.evaluation.board import Row, rows
from alignbench.record.cell import CellRecord
from alignbench.record.finished import FinishedCell, by_seed, pooled, resampling


def by_culture(cells: Iterable[FinishedCell]) -> Mapping[str, list[FinishedCell]]:
    """Cells by the name of their culture, in order of appearance."""
    found: dict[str, list[FinishedCell]] = {}
    for cell in cells:
        found.setdefault(cell.record.cell.culture, []).append(cell)
    return found


def by_name(cells: Iterable[FinishedCell], name: Callable[[CellRecord], str]) -> dict[str, list[FinishedCell]]:
    """Name -> its cells by seed."""
    return by_seed((name(cell.record), cell) for cell in cells)


def method_name(record: CellRecord) -> str:
    """The method as chosen on the command line."""
    return record.cell.method


def pooled_board(named: Mapping[str, Sequence[FinishedCell]]) -> list[Row]:
    """One board of all methods of one culture; intervals cover batteries, and seeds where there are several.

    Args:
        named: what a method is called -> its cells, one a seed; all of one culture, model and split.
    """
    return rows(pooled(named), resampling(next(cell for cells in named.values() for cell in cells)))
