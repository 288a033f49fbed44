"""The figures of a row as text: one column for each metric of the catalogue, in every table."""

from alignbench.evaluation.board import Figures, Row
from alignbench.evaluation.catalogue import BoardMetric, Placement, Shape, metrics
from alignbench.report.numbers import change, count, defined, interval, number, p_value, within

CROSS, BEYOND = "†", "‡"
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
