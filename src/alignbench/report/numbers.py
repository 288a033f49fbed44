"""How figures are written: three decimals, a true minus sign, an en dash for what is not there."""

from collections.abc import Iterable, Sequence

from alignbench.missing import known

MISSING = "–"


def defined(value: float | None) -> bool:
    """Whether there is a number to show."""
    return known(value) is not None


def number(value: float | None, digits: int = 3) -> str:
    """``0.923``, ``−0.104``."""
    if known(value) is None:
        return MISSING
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def signed(value: float | None, digits: int = 3) -> str:
    """``+0.051``, ``−0.104``; zero carries no sign."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """``[0.910, 0.940]``."""
    return f"[{number(low, digits)}, {number(high, digits)}]" if defined(low) and defined(high) else MISSING


def change(value: float | None, low: float | None, high: float | None) -> str:
    """``+0.051 [0.020, 0.080]``; the bare value where it has no interval."""
    return f"{signed(value)} {interval(low, high)}" if defined(low) and defined(high) else signed(value)


def within(value: float | None, separable: bool | None, digits: int = 3) -> str:
    """``±0.012``, the format spread; ``±0.012 ≈`` where a difference is not separable from it."""
    return f"±{number(value, digits)}{'' if separable in (None, True) else ' ≈'}" if defined(value) else MISSING


def count(value: int | None) -> str:
    """``42``."""
    return MISSING if value is None else str(value)


def percent(value: float | None) -> str:
    """``62 %``."""
    return f"{value:.0%}".replace("%", " %") if defined(value) else MISSING


def p_value(value: float | None) -> str:
    """Three decimals, ``< 0.001`` below that."""
    return "< 0.001" if value is not None and value < 0.001 else number(value)


def pipe_table(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """A table with a line break at its end; texts may hold pipes.

    Args:
        left: columns from the first whose texts stand on the left; those behind them hold figures.
    """
    rule = [":--"] * left + ["--:"] * (len(titles) - left)
    lines = ([text.replace("|", r"\|") for text in texts] for texts in (titles, rule, *rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
