"""Cells that may share one board, and the board that they make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.items import Scored
from alignbench.report.board.variant import names
from alignbench.report.record import Cell
from alignbench.report.study import OF_INTERVALS, Finished, by_name, pooled, resampling


@dataclass(frozen=True)
class Group:
    """All cells of one survey split, model and culture that were asked the same questions in the same way.

    Attributes:
        model: name of the model, with how it was asked where that tells two groups apart.
        cells: the oldest first.
        called: ``id`` of a cell's facts -> name of its method's row, the same in all cultures.
    """

    model: str
    cells: tuple[Finished, ...]
    called: Mapping[int, str]

    @property
    def first(self) -> Finished:
        """A cell that speaks for the group, the same whatever order cells were finished in."""
        return self.named[min(self.named)][0]

    @property
    def panel(self) -> tuple[str, str, str]:
        """Survey, split and model: within a panel, cultures stand side by side."""
        return self.first.record.cell.survey, self.first.record.cell.split, self.model

    @property
    def culture(self) -> str:
        """Name of the culture."""
        return self.first.record.cell.culture

    @property
    def country(self) -> str:
        """Name of the country that stands for it."""
        return self.first.record.cell.country

    @cached_property
    def named(self) -> Mapping[str, list[Finished]]:
        """Name of a method's row -> its cells by seed."""
        return by_name(self.cells, lambda record: self.called[id(record.cell)])

    @cached_property
    def scored(self) -> list[Scored]:
        """What stands on the pooled board, item by item."""
        return pooled(self.named)

    @cached_property
    def rows(self) -> list[Row]:
        """The pooled board; p-values are corrected over all of it."""
        return rows(self.scored, resampling(self.first))

    def control_of(self, label: str) -> Row | None:
        """The row of the same recipe on another country's figures."""
        return next((r for r in self.rows if r.kind == "control" and r.method == label), None)


def groups(cells: Sequence[Finished]) -> list[Group]:
    """Cells by survey, split, model and culture, sorted by these."""
    found: dict[tuple[str, str, str, str], dict[str, list[Finished]]] = {}
    asked = {cell.stage: _asked(cell) for cell in cells}
    for cell in cells:
        facts = cell.record.cell
        place = (facts.survey, facts.split, facts.model, facts.culture)
        found.setdefault(place, {}).setdefault(repr(sorted(asked[cell.stage].items())), []).append(cell)
    panels: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        facts = cell.record.cell
        panels.setdefault((facts.survey, facts.split, facts.model), []).append(facts)
    called = {key: name for panel in panels.values() for key, name in names(panel).items()}
    made = []
    for (_, _, model, _), ways in sorted(found.items()):
        differing = _differing([asked[cells[0].stage] for cells in ways.values()])
        for cells in ways.values():
            own = asked[cells[0].stage]
            made.append(Group(", ".join([model, *(f"{k}={own.get(k)}" for k in differing)]), tuple(cells), called))
    return made


def _asked(cell: Finished) -> dict[str, str]:
    """Everything that must be equal for two cells to be compared: form, weights, questions, shares."""
    knobs: Mapping[str, Any] = cell.manifest["parts"]["benchmark"]
    form = {k: str(v) for k, v in knobs.items() if k not in (*OF_INTERVALS, "class")}
    first = cell.scored[0].frames[0]
    shares = hashlib.sha256(repr([(i, list(s)) for i, s in zip(first["item"], first["survey"], strict=True)]).encode())
    weights = next((s.key for s in cell.record.provenance if s.what == "model"), None)
    return {**form, "weights": str(weights)[:6], "shares": shares.hexdigest()[:6]}


def _differing(ways: Sequence[Mapping[str, str]]) -> list[str]:
    """Names whose values are not the same in all of ``ways``."""
    known = dict.fromkeys(name for way in ways for name in way)
    return [name for name in known if len({way.get(name) for way in ways}) > 1]
