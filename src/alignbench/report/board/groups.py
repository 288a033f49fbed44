"""Cells that may share one board, and the board that they make."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.items import BoardEntry
from alignbench.identity import canonical
from alignbench.record.finished import FinishedCell, World, by_seed, pooled, resampling
from alignbench.record.lineage import Lineage
from alignbench.report.board.variant import MethodVariant, differing, names

# What must be equal besides the knobs, by the first digits of its key.
_MEASURED = ("weights", "shares", "base")


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
    def scored(self) -> list[BoardEntry]:
        """What stands on the pooled board, item by item."""
        return pooled(self.named, self.baselines)

    @cached_property
    def rows(self) -> list[Row]:
        """The pooled board; p-values are corrected over all of it."""
        return rows(self.scored, resampling(self.first))


def groups(cells: Sequence[FinishedCell], lineage: Lineage) -> list[CultureBoard]:
    """Cells by world, split, model and culture, sorted by these."""
    panels: dict[tuple[World, str, str], list[FinishedCell]] = {}
    for cell in cells:
        panels.setdefault((cell.world, cell.record.cell.split, cell.record.cell.model), []).append(cell)
    titles, made = _titles(cells), []
    for (_, _, model), of_panel in sorted(panels.items(), key=lambda part: (part[0][0].order, *part[0][1:])):
        rivals = {entry.key: (cell, entry) for cell in of_panel for entry in cell.baselines}
        own = [MethodVariant.of(cell, lineage) for cell in of_panel]
        said = names([*own, *(MethodVariant.of_baseline(cell, entry, lineage) for cell, entry in rivals.values())])
        called = {cell.stage: name for cell, name in zip(of_panel, said, strict=False)}
        baselines = dict(zip(rivals, said[len(own) :], strict=True))
        for culture in sorted({cell.record.cell.culture for cell in of_panel}):
            ways: dict[str, tuple[dict[str, str], list[FinishedCell]]] = {}
            for cell in of_panel:
                if cell.record.cell.culture == culture:
                    way = asked_as(cell)
                    ways.setdefault(canonical(way), (way, []))[1].append(cell)
            apart = _telling_apart([way for way, _ in ways.values()])
            for way, alike in ways.values():
                name = ", ".join([model, *(f"{k}={way.get(k)}" for k in apart)])
                made.append(CultureBoard(name, titles[culture], tuple(alike), called, baselines))
    return made


def _titles(cells: Sequence[FinishedCell]) -> dict[str, str]:
    """Culture -> its country, and the culture itself where it is not the only one of that country."""
    countries = {cell.record.cell.culture: cell.record.cell.country for cell in cells}
    several = {country for country in countries.values() if list(countries.values()).count(country) > 1}
    return {name: f"{country} ({name})" if country in several else country for name, country in countries.items()}


def _telling_apart(ways: Sequence[Mapping[str, str]]) -> list[str]:
    """The knobs in which the ways differ and, where these do not tell all of them apart, what else differs."""
    names = differing(ways)
    knobs = [name for name in names if name not in _MEASURED]
    return knobs if len({tuple(way.get(name) for name in knobs) for way in ways}) == len(ways) else names


def asked_as(cell: FinishedCell) -> dict[str, str]:
    """Everything that must be equal for two cells to be compared: form, weights, questions, shares, base's answers."""
    form = {k: str(v) for k, v in cell.asked.items() if k != "class"}
    first = cell.scored[0].frames[0]
    shares = hashlib.sha256(repr([(i, list(s)) for i, s in zip(first["item"], first["survey"], strict=True)]).encode())
    weights = next((s.key for s in cell.record.provenance if s.what == "model"), None)
    base = next((entry.key for entry in cell.scored if entry.kind == "base"), "")
    return {**form, **dict(zip(_MEASURED, (str(weights)[:6], shares.hexdigest()[:6], base[:6]), strict=True))}
