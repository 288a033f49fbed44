"""Cells that may share one board, and the board that they make."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.items import Scored
from alignbench.record.finished import FinishedCell, by_seed, pooled, resampling
from alignbench.record.lineage import Lineage
from alignbench.record.world import World
from alignbench.report.board.variant import MethodVariant, differing, names


class PanelPlace(NamedTuple):
    """Within a place, cultures stand side by side: world, split, and model as :attr:`CultureBoard.model` calls it."""

    world: World
    split: str
    model: str


@dataclass(frozen=True)
class CultureBoard:
    """All cells of one world, split, model and culture that were asked the same questions in the same way.

    Attributes:
        model: name of the model, with how it was asked where that tells two groups apart.
        title: name of the country; with that of the culture where the store holds several cultures of the country.
        cells: the oldest first.
        called: stage of a cell -> name of its method's row, the same in all cultures.
        baselines: key of a baseline's answers -> name of its row.
    """

    model: str
    title: str
    cells: tuple[FinishedCell, ...]
    called: Mapping[Path, str]
    baselines: Mapping[str, str]

    @property
    def first(self) -> FinishedCell:
        """A cell that speaks for the group, the same whatever order cells were finished in."""
        return self.named[min(self.named)][0]

    @property
    def place(self) -> PanelPlace:
        """Where the group stands."""
        return PanelPlace(self.first.world, self.first.record.cell.split, self.model)

    @property
    def culture(self) -> str:
        """Name of the culture."""
        return self.first.record.cell.culture

    @cached_property
    def named(self) -> Mapping[str, list[FinishedCell]]:
        """Name of a method's row -> its cells by seed; of a recipe that was run again the newest counts."""
        return by_seed((self.called[cell.stage], cell) for cell in self.cells)

    def older(self, label: str) -> int:
        """How many runs of the recipe gave other answers and have been replaced by newer ones."""
        return sum(self.called[cell.stage] == label for cell in self.cells) - len(self.named.get(label, ()))

    @cached_property
    def scored(self) -> list[Scored]:
        """What stands on the pooled board, item by item."""
        return pooled(self.named, self.baselines)

    @cached_property
    def rows(self) -> list[Row]:
        """The pooled board; p-values are corrected over all of it."""
        return rows(self.scored, resampling(self.first))


def groups(cells: Sequence[FinishedCell], lineage: Lineage) -> list[CultureBoard]:
    """Cells by world, split, model and culture, sorted by these."""
    found: dict[tuple[World, str, str, str], dict[str, list[FinishedCell]]] = {}
    asked = {cell.stage: _asked(cell) for cell in cells}
    panels: dict[tuple[World, str, str], list[FinishedCell]] = {}
    for cell in cells:
        facts = cell.record.cell
        panel = (cell.world, facts.split, facts.model)
        panels.setdefault(panel, []).append(cell)
        found.setdefault((*panel, facts.culture), {}).setdefault(repr(sorted(asked[cell.stage].items())), []).append(
            cell
        )
    called: dict[Path, str] = {}
    baselines: dict[str, str] = {}
    for panel_cells in panels.values():
        rivals = {entry.key: (cell, entry) for cell in panel_cells for entry in cell.baselines}
        own = [MethodVariant.of(cell, lineage) for cell in panel_cells]
        said = names([*own, *(MethodVariant.of_baseline(cell, entry, lineage) for cell, entry in rivals.values())])
        called |= {cell.stage: name for cell, name in zip(panel_cells, said, strict=False)}
        baselines |= dict(zip(rivals, said[len(own) :], strict=True))
    titles = _titles(cells)
    made = []
    for (_, _, model, culture), ways in sorted(found.items(), key=lambda part: (part[0][0].order, *part[0][1:])):
        names_apart = differing([asked[cells[0].stage] for cells in ways.values()])
        for cells in ways.values():
            way = asked[cells[0].stage]
            name = ", ".join([model, *(f"{k}={way.get(k)}" for k in names_apart)])
            made.append(CultureBoard(name, titles[culture], tuple(cells), called, baselines))
    return made


def _titles(cells: Sequence[FinishedCell]) -> dict[str, str]:
    """Culture -> its country, and the culture itself where it is not the only one of that country."""
    countries = {cell.record.cell.culture: cell.record.cell.country for cell in cells}
    several = {country for country in countries.values() if list(countries.values()).count(country) > 1}
    return {name: f"{country} ({name})" if country in several else country for name, country in countries.items()}


def _asked(cell: FinishedCell) -> dict[str, str]:
    """Everything that must be equal for two cells to be compared: form, weights, questions, shares, base's answers."""
    form = {k: str(v) for k, v in cell.asked.items() if k != "class"}
    first = cell.scored[0].frames[0]
    shares = hashlib.sha256(repr([(i, list(s)) for i, s in zip(first["item"], first["survey"], strict=True)]).encode())
    weights = next((s.key for s in cell.record.provenance if s.what == "model"), None)
    base = next((entry.key for entry in cell.scored if entry.kind == "base"), "")
    return {**form, "weights": str(weights)[:6], "shares": shares.hexdigest()[:6], "base": base[:6]}
