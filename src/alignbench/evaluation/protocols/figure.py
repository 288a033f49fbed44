"""A figure: what one protocol says about one side."""

from dataclasses import dataclass
from enum import Enum

from alignbench.evaluation.statistics import Interval


class Direction(Enum):
    """Which way is better."""

    up = "up"
    down = "down"


@dataclass(frozen=True)
class Metric:
    """A protocol's measure.

    Attributes:
        protocol: the paper, e.g. ``CLCA``.
        name: of the measure, options included, e.g. ``JS distance (ln)``.
        about: what a reader must know about how it is computed here.
        low, high: the range of its values.
    """

    protocol: str
    name: str
    direction: Direction
    about: str
    low: float = 0.0
    high: float = 1.0

    def cut(self, found: Interval) -> tuple[float, float]:
        """The bounds of an interval, cut to the range."""
        within = found.within(self.low, self.high)
        return within.low, within.high


@dataclass(frozen=True)
class Figure:
    """A line of the table; None where a number does not exist.

    Attributes:
        label, kind: of the side: base, a method, a sanity row (``reference``).
        direction: ``up`` if higher is better.
        covers: what the interval covers; empty where there is none.
        items: how many it rests on; ``trained`` of them lie in batteries that methods learn or choose from.
        respondents: interviewed people behind it; 0 where the method spoke with its own prompt.
        note: assumptions and warnings that must be shown with it.
    """

    label: str
    kind: str
    protocol: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    direction: str
    covers: str
    items: int
    trained: int
    respondents: int
    note: str
