"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def pipe_table(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """A table with a line break at its end; texts may hold pipes.

    Args:
        left: columns from the first whose texts stand on the left; those behind them hold figures.
    """
    rule = [":--"] * left + ["--:"] * (len(titles) - left)
    return "".join(f"| {' | '.join(map(_escaped, texts))} |\n" for texts in (titles, rule, *rows))


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")
