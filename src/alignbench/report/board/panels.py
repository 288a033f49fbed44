"""Cultures side by side: all groups of one survey, split and model, with what is drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from alignbench.report import figures
from alignbench.report.board import marks
from alignbench.report.board.cost_figure import CostFigure
from alignbench.report.board.groups import Group
from alignbench.report.board.lines import Board, Line
from alignbench.report.study import resampling
from alignbench.report.variety import Variety, varieties

_HEAT = ("difference", "own minus cross", "skill")


@dataclass(frozen=True)
class Heat:
    """A table of numbers, methods by cultures; ``bound`` is where the colours end."""

    name: str
    cells: dict[tuple[str, str], Line]

    def value(self, line: Line) -> float | None:
        """The number of a cell."""
        if self.name == "own minus cross":
            return line.cross.difference if line.cross else None
        return line.row.skill if self.name == "skill" else line.row.difference

    def sure(self, line: Line) -> bool:
        """Whether the number is clear of zero after the correction."""
        if self.name == "own minus cross":
            return line.specific
        if self.name == "skill":
            return (line.row.skill_low or 0) > 0 or (line.row.skill_high or 0) < 0
        return line.significant

    def near(self, line: Line) -> bool:
        """Whether the number is smaller than what the form of the questions moves."""
        if self.name == "own minus cross":
            return line.cross is not None and line.cross.separable is False
        return self.name == "difference" and line.inseparable

    @cached_property
    def bound(self) -> float:
        """The largest number, at most 1 for skill, which has no lower end."""
        largest = max((abs(v) for line in self.cells.values() if (v := self.value(line)) is not None), default=0.0)
        return min(largest, 1.0)


@dataclass(frozen=True)
class Panel:
    """All groups of one survey, split and model: cultures side by side on the same axes."""

    survey: str
    split: str
    model: str
    groups: Sequence[Group]
    lines: Sequence[Line]

    def of(self, group: Group) -> list[Line]:
        """The lines of one culture."""
        return [line for line in self.lines if line.group is group]

    @cached_property
    def compared(self) -> list[Line]:
        """Methods other than the base model."""
        return [line for line in self.lines if line.compared]

    @cached_property
    def methods(self) -> list[str]:
        """Names of the methods, the largest mean gain first."""
        gains: dict[str, list[float]] = {}
        for line in self.compared:
            gains.setdefault(line.row.label, []).append(line.row.difference or 0.0)
        return sorted(gains, key=lambda name: -fmean(gains[name]))

    @cached_property
    def heats(self) -> list[Heat]:
        """The heat map in each of its readings."""
        cells = {(line.row.label, line.group.culture): line for line in self.compared}
        return [
            Heat(name, cells) for name in _HEAT if any(Heat(name, cells).value(c) is not None for c in cells.values())
        ]

    @cached_property
    def scores(self) -> figures.Axis:
        """Axis of all scores."""
        return figures.axis_of(v for line in self.lines for v in (line.row.low, line.row.score, line.row.high))

    @cached_property
    def differences(self) -> figures.Axis:
        """Axis of all differences of methods and controls."""
        return marks.difference_axis(row for line in self.compared for row in (line.row, line.cross))

    @cached_property
    def varieties(self) -> list[Variety]:
        """Of the methods that answered in several of the cultures."""
        boards = {group.country: group.scored for group in self.groups}
        return varieties(boards, resampling(self.groups[0].first))

    @cached_property
    def cost(self) -> CostFigure:
        """Cost against gain, a point per method."""
        return CostFigure.of(self.compared)


def panels(board: Board) -> list[Panel]:
    """The panels of the board, in order."""
    found: dict[tuple[str, str, str], list[Group]] = {}
    for group in board.groups:
        found.setdefault(group.panel, []).append(group)
    return [
        Panel(*place, groups, [line for line in board.lines if any(line.group is g for g in groups)])
        for place, groups in found.items()
    ]
