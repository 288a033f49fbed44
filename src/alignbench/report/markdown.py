"""Markdown tables."""

from collections.abc import Iterable, Sequence


def pipe_table(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """A table with a line break at its end; texts may hold pipes.

    Args:
        left: columns from the first whose texts stand on the left; those behind them hold figures.
    """
    rule = [":--"] * left + ["--:"] * (len(titles) - left)
    lines = ([text.replace("|", r"\|") for text in texts] for texts in (titles, rule, *rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
