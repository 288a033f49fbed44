"""How figures are written: three decimals, a true minus sign, an en dash for what is not there; and their tables."""

from collections.abc import Iterable, Sequence

from alignbench.escaping import markdown
from alignbench.evaluation.board import Figures, Row
from alignbench.evaluation.catalogue import BoardMetric, Placement, Shape, metrics
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


def change(value: float | None, low: float | None, high: float | None, digits: int = 3) -> str:
    """``+0.051 [0.020, 0.080]``; the bare value where it has no interval."""
    bare = signed(value, digits)
    return f"{bare} {interval(low, high, digits)}" if defined(low) and defined(high) else bare


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
    lines = (titles, rule, *rows)
    return "".join(f"| {' | '.join(map(markdown, line))} |\n" for line in lines)


CROSS, BEYOND, FEW = "†", "‡", "§"
KEY = f"In brackets: 95 % intervals. {CROSS} own minus cross, {BEYOND} beyond the prompt, ≈ not separable from format."


def shown(*places: Placement) -> dict[str, BoardMetric]:
    """Name -> metric of those that stand in these places."""
    return {name: metric for name, metric in metrics().items() if metric.shown in places}


def mark(row: Row) -> str:
    """What the difference of a row is to, where that is not the unprompted base model."""
    return CROSS if row.kind == "control" else BEYOND if row.plain is not None else ""


def of(row: Row, name: str) -> str:
    """A figure of the row as text, a difference after its :func:`mark`."""
    figure = text(metrics()[name], row.figure(name), row)
    return f"{mark(row)} {figure}".lstrip() if name == "difference" else figure


def text(metric: BoardMetric, figures: Figures, row: Row) -> str:
    """``figures`` as the metric writes them, with the people's in brackets where the metric names them."""
    value, low, high = figures
    match metric.shape:
        case Shape.test:
            return p_value(value)
        case Shape.spread:
            return within(value, row.separable)
        case Shape.change:
            return change(value, low, high)
        case Shape.count:
            return count(None if value is None else round(value))
    level = number(value, metric.digits)
    if metric.people:
        return f"{level} ({number(row.figure(metric.people)[0], metric.digits)})"
    return f"{level} {interval(low, high)}" if defined(low) else level
