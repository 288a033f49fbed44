"""Cultures side by side: all groups of one world, split and model, with what is drawn of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import fmean

from alignbench.evaluation.catalogue import BoardMetric, Placement
from alignbench.evaluation.metrics import js_similarity
from alignbench.evaluation.survey import LogBase
from alignbench.record.cell import CellRecord
from alignbench.record.finished import World, resampling
from alignbench.report import figures
from alignbench.report.board.cost_figure import CostFigure
from alignbench.report.board.elicitation import ElicitedGain, elicited
from alignbench.report.board.groups import CultureBoard, PanelPlace
from alignbench.report.board.lines import Board, BoardLine
from alignbench.report.board.pairs import Specificity, specificities
from alignbench.report.board.pooled import PooledMethod, pooled
from alignbench.report.numbers import shown
from alignbench.report.variety import Variety, varieties

# Readings of the heat map, as fields of a row, and where their colours end: the same on every board, so that one colour
# is one figure.
_ENDS = {"difference": 0.1, "specificity": 0.1, "skill": 1.0}
# The strongest colour of a figure that could be chance.
_FAINT = 0.12


@dataclass(frozen=True)
class Heat:
    """A table of numbers, methods by cultures."""

    name: str
    cells: dict[tuple[str, str], BoardLine]

    @property
    def end(self) -> float:
        """The number at which the colour is full."""
        return _ENDS[self.name]

    def value(self, line: BoardLine) -> float | None:
        """The number of a cell."""
        value: float | None = getattr(line.row, self.name)
        return value

    def strength(self, line: BoardLine) -> float:
        """How strong the cell's colour is, 0 to 1: faint below the smallest effect that it would find."""
        value = self.value(line)
        if value is None:
            return 0.0
        row = line.row
        least = {"difference": row.detectable, "specificity": row.specificity_detectable}.get(self.name)
        visible = self.sure(line) or (least is not None and abs(value) >= least)
        return min(abs(value) / self.end, 1.0 if visible else _FAINT)

    def sure(self, line: BoardLine) -> bool:
        """Whether the number is clear of zero, after the correction where there is a test."""
        if self.name == "skill":
            return (line.row.skill_low or 0) > 0 or (line.row.skill_high or 0) < 0
        return line.sure(self.name)

    def near(self, line: BoardLine) -> bool:
        """Whether the number is smaller than what the form of the questions moves."""
        return self.name == "difference" and line.inseparable


@dataclass(frozen=True)
class CulturePanel:
    """All groups of one place: cultures side by side on the same axes."""

    place: PanelPlace
    groups: Sequence[CultureBoard]
    lines: Sequence[BoardLine]

    def of(self, group: CultureBoard) -> list[BoardLine]:
        """The lines of one culture."""
        return [line for line in self.lines if line.group is group]

    @cached_property
    def compared(self) -> list[BoardLine]:
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
        heats = [Heat(name, cells) for name in _ENDS]
        return [heat for heat in heats if any(heat.value(line) is not None for line in cells.values())]

    @cached_property
    def scores(self) -> figures.Axis:
        """Axis of all scores."""
        return figures.axis_of(v for line in self.lines for v in (line.row.low, line.row.score, line.row.high))

    @cached_property
    def differences(self) -> figures.Axis:
        """The axis that holds zero and every difference and specificity with its interval."""
        bounds = (v for line in self.compared for of in ("difference", "specificity") for v in line.row.figure(of))
        return figures.axis_of([0.0, *bounds], 4)

    @cached_property
    def varieties(self) -> list[Variety]:
        """How methods that answered in several of the cultures vary with the culture."""
        boards = {group.title: group.scored for group in self.groups}
        return varieties(boards, resampling(self.groups[0].first))

    @cached_property
    def specificities(self) -> list[Specificity]:
        """How specific to its culture each method is that was fitted to several, over all pairs of them."""
        boards, first = {group.title: group.scored for group in self.groups}, self.groups[0].first
        similarity = partial(js_similarity, base=LogBase[first.asked["js_base"]].value, sqrt=first.asked["js_sqrt"])
        return specificities(boards, similarity, resampling(first))

    @cached_property
    def pooled(self) -> list[PooledMethod]:
        """The methods over all cultures, best first: what a board of several cultures begins with."""
        return pooled(self.groups, self.specificities)

    @cached_property
    def cost(self) -> CostFigure:
        """Cost against gain, a point per method."""
        return CostFigure.of(self.compared)


@dataclass(frozen=True)
class Section:
    """A world on the board: its panels, and all that is counted, warned of and coloured together."""

    world: World
    panels: Sequence[CulturePanel]

    @cached_property
    def lines(self) -> list[BoardLine]:
        """The rows of all its panels."""
        return [line for panel in self.panels for line in panel.lines]

    @cached_property
    def compared(self) -> list[BoardLine]:
        """Methods other than the base model."""
        return [line for line in self.lines if line.compared]

    @cached_property
    def records(self) -> list[CellRecord]:
        """The records of all its cells."""
        return [cell.record for panel in self.panels for group in panel.groups for cell in group.cells]

    @cached_property
    def columns(self) -> dict[str, BoardMetric]:
        """Name -> metric of the figures that any line of its tables has."""
        return {
            name: metric
            for name, metric in shown(Placement.main, Placement.further).items()
            if any(line.figure(name)[0] is not None for line in self.lines)
        }

    @cached_property
    def elicited(self) -> list[ElicitedGain]:
        """Gains of methods that were asked in several forms of eliciting."""
        return elicited([group for panel in self.panels for group in panel.groups])

    @property
    def seeds(self) -> list[int]:
        """The seeds of its cells, sorted."""
        return sorted({record.cell.seed for record in self.records})

    @property
    def score_names(self) -> list[str]:
        """What the scores are."""
        return _once(record.score_name for record in self.records)

    @property
    def notes(self) -> list[str]:
        """Sentences that must be shown."""
        return _once(note for record in self.records for note in record.notes)

    @property
    def reading(self) -> list[str]:
        """Sentences on how to read the figures."""
        return _once(sentence for record in self.records for sentence in record.reading_of_tables)


def sections(board: Board) -> list[Section]:
    """The worlds of the board, real ones first, with their panels."""
    found: dict[World, dict[PanelPlace, list[CultureBoard]]] = {}
    for group in board.groups:
        found.setdefault(group.place.world, {}).setdefault(group.place, []).append(group)
    return [
        Section(
            world,
            [
                CulturePanel(place, groups, [line for line in board.lines if any(line.group is g for g in groups)])
                for place, groups in places.items()
            ],
        )
        for world, places in found.items()
    ]


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
