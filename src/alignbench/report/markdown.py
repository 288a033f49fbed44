"""Markdown tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def pipe_table(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """A table with a line break at its end; texts may hold pipes.

    Args:
        left: columns from the first whose texts stand on the left; those behind them hold figures.
    """
    rule = [":--"] * left + ["--:"] * (len(titles) - left)
    lines = ([text.replace("|", r"\|") for text in texts] for texts in (titles, rule, *rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def columns_table(columns: Mapping[str, Callable[[T], str]], rows: Iterable[T], left: int) -> str:
    """:func:`pipe_table` of rows of one kind; ``columns`` says how each column, by its title, is told of a row."""
    return pipe_table(tuple(columns), ([told(row) for told in columns.values()] for row in rows), left)
