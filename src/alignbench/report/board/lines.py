"""The board as tidy lines: a row of a group's board with all that is shown with it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from alignbench.evaluation.board import Figures, Row, flat
from alignbench.record.finished import FinishedCell, damage
from alignbench.record.lineage import Lineage, SeedCost, mean
from alignbench.report.board.groups import CultureBoard

# Holm-corrected p-values below this count as significant.
ALPHA = 0.05


@dataclass(frozen=True)
class Link:
    """A page or a manifest, relative to the board's folder."""

    text: str
    href: str


@dataclass(frozen=True)
class BoardLine:
    """A row of the board.

    Attributes:
        damage: mean change of the score when prompted as other countries; None where none was asked.
        cost: mean over seeds; None for references, and where the lineage of the answers is not known.
        pages: one per seed, for rows that cells were run for.
        manifests: of the responses, one per seed; of references that of the board they come from.
        older: runs of the same recipe that gave other answers, and which newer ones replace.
    """

    group: CultureBoard
    row: Row
    cross: Row | None = None
    damage: float | None = None
    cost: SeedCost | None = None
    pages: tuple[Link, ...] = ()
    manifests: tuple[Link, ...] = ()
    older: int = 0

    def figure(self, name: str) -> Figures:
        """A metric of the catalogue and its bounds; None for what the line does not have."""
        if name == "own_minus_cross":
            return self.cross.figure("difference") if self.cross else (None, None, None)
        return (self.damage, None, None) if name == "elsewhere" else self.row.figure(name)

    def sure(self, name: str) -> bool:
        """Whether the figure is clear of zero after the correction; False for those that are not tested."""
        p = {"difference": self.row.p_value, "specificity": self.row.specificity_p}.get(name)
        return p is not None and p < ALPHA

    @property
    def compared(self) -> bool:
        """Whether this is a method that is compared with a base model."""
        return self.row.kind == "method" and self.row.difference is not None

    @property
    def inseparable(self) -> bool:
        """Whether the difference is smaller than what the form of the questions moves."""
        return self.row.separable is False

    @property
    def gain(self) -> bool:
        """Whether the method brought the model closer, significantly."""
        return self.sure("difference") and (self.row.difference or 0) > 0

    @property
    def loss(self) -> bool:
        """Whether the method moved the model away, significantly."""
        return self.sure("difference") and (self.row.difference or 0) < 0

    @property
    def own_gain(self) -> bool:
        """Whether a gain is specific to the culture."""
        return self.gain and self.sure("specificity") and (self.row.specificity or 0) > 0

    @property
    def one_sided(self) -> bool:
        """Whether the answers vary less than half as much as the people's."""
        return self.row.kind in ("base", "method") and self.row.entropy_model < self.row.entropy_survey / 2


@dataclass(frozen=True)
class Board:
    """All groups of a store.

    Attributes:
        folder: where the board is written, from which links go.
        pages: stage folder of a cell -> name of its page's folder.
    """

    groups: Sequence[CultureBoard]
    lineage: Lineage
    folder: Path
    pages: Mapping[Path, str]

    @cached_property
    def lines(self) -> list[BoardLine]:
        """Methods of each group by their score, best first; then its references. Controls stand with their method."""
        found = []
        for group in self.groups:
            methods = sorted((r for r in group.rows if r.kind in ("base", "method")), key=lambda r: (-r.score, r.label))
            references = [r for r in group.rows if r.kind == "reference"]
            found += [self._line(group, row) for row in (*methods, *references)]
        return found

    def _line(self, group: CultureBoard, row: Row) -> BoardLine:
        if row.kind == "reference":
            return BoardLine(group, row, manifests=(self._link("record", group.first.stage / "manifest.json"),))
        name, keys = "none" if row.kind == "base" else row.label, row.key.split()
        own = group.named.get(name, ())
        return BoardLine(
            group,
            row,
            next((r for r in group.rows if (r.kind, r.method) == ("control", row.label)), None),
            damage(cell.record for cell in own),
            mean(self.lineage.cost(key) for key in keys),
            tuple(self._page(cell) for cell in own),
            tuple(self._link(key[:6], self.lineage.folder(key) / "manifest.json") for key in keys),
            group.older(name),
        )

    def _page(self, cell: FinishedCell) -> Link:
        return Link(f"seed {cell.record.cell.seed}", f"{self.pages[cell.stage]}/index.html")

    def _link(self, text: str, path: Path) -> Link:
        return Link(text, Path(os.path.relpath(path, self.folder)).as_posix())


def tidy(board: Board) -> list[dict[str, Any]]:
    """One mapping per row, those that serve a method last, with numbers that do not depend on the machine."""
    shown = ("base", "method", "reference")
    serving = [BoardLine(group, row) for group in board.groups for row in group.rows if row.kind not in shown]
    return [_plain(line) for line in (*board.lines, *serving)]


def costs(board: Board) -> list[dict[str, Any]]:
    """One mapping per row that a model answered: what it took, which is never the same twice."""
    return [{**_place(line), **asdict(line.cost)} for line in board.lines if line.cost]


def _place(line: BoardLine) -> dict[str, str]:
    facts, world = line.group.first.record.cell, line.group.place.world
    names = {"world": world.name, "survey": facts.survey, "split": facts.split, "model": line.group.model}
    return {**names, "culture": facts.culture, "country": facts.country, "label": line.row.label}


def _plain(line: BoardLine) -> dict[str, Any]:
    crossed = line.figure("own_minus_cross")
    return {
        **_place(line),
        **flat(line.row),
        **dict(zip(("own_minus_cross", "own_minus_cross_low", "own_minus_cross_high"), crossed, strict=True)),
        "own_minus_cross_p_raw": line.cross.p_raw if line.cross else None,
        "damage": line.damage,
        "older": line.older,
        "pages": " ".join(link.href for link in line.pages),
        "manifests": " ".join(link.href for link in line.manifests),
    }
