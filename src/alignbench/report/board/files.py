"""The board as CSV, Markdown and LaTeX."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd

from alignbench.evaluation.board import Row
from alignbench.evaluation.catalogue import BoardMetric, Placement
from alignbench.files import write_table, write_text
from alignbench.report import variety
from alignbench.report.board import elicitation, pairs, pooled
from alignbench.report.board.latex import latex
from alignbench.report.board.lines import Board, costs, tidy
from alignbench.report.board.panels import CulturePanel, Section
from alignbench.report.numbers import KEY, MISSING, of, pipe_table, shown, signed

_LEFT = 2  # leading columns of words


class BoardRow(NamedTuple):
    """A row of the board under the title of its culture."""

    title: str
    row: Row
    damage: float | None = None

    @property
    def texts(self) -> list[str]:
        """What stands in the columns of :func:`_titles`."""
        row = self.row
        figures = [signed(self.damage) if name == "elsewhere" else of(row, name) for name in _figures()]
        seeds = MISSING if row.kind == "reference" else str(row.seeds)
        return [self.title, row.label, *figures, f"{row.items} / {row.batteries}", seeds]


def _figures() -> dict[str, BoardMetric]:
    """Name -> metric of the columns; own minus cross has rows instead."""
    return {
        name: metric for name, metric in shown(Placement.main, Placement.further).items() if name != "own_minus_cross"
    }


def _titles() -> list[str]:
    return ["Culture", "Row", *(metric.title for metric in _figures().values()), "Items / batteries", "Seeds"]


def write_files(board: Board, sections: Sequence[Section]) -> None:
    """``board.csv`` and ``board.md``: every row, the latter with a table for each world; ``board.tex``: methods by
    cultures; ``costs.csv``: what they took; ``pooled.csv``, ``variety.csv`` and ``specificity.csv``: figures over
    several cultures; ``elicitation.csv``: gains by form of eliciting.
    """
    folder = board.folder
    tables = {"board": tidy(board), "costs": costs(board)}
    tables["pooled"] = _placed(sections, lambda panel: map(pooled.plain, panel.pooled))
    tables["variety"] = _placed(sections, lambda panel: map(variety.plain, panel.varieties))
    tables["specificity"] = _placed(sections, lambda panel: map(pairs.plain, panel.specificities))
    tables["elicitation"] = [
        {"world": section.world.name, "survey": section.world.survey, **elicitation.plain(one)}
        for section in sections
        for one in section.elicited
    ]
    for name, rows in tables.items():
        write_table(folder / f"{name}.csv", pd.DataFrame(rows))
    alone = len(sections) == 1
    write_text(folder / "board.md", "\n".join(_page(section, alone) for section in sections))
    panels = [panel for section in sections for panel in section.panels]
    write_text(folder / "board.tex", "\n".join(latex(panel) for panel in panels))


def _page(section: Section, alone: bool) -> str:
    """The tables of a world in Markdown, under its title where it is not alone."""
    title = "" if alone else f"# {section.world.title}\n\n{section.world.name}.\n\n"
    table = pipe_table(_titles(), (row.texts for row in _rows(section)), _LEFT)
    text = title
    if several := [(panel.place.model, one) for panel in section.panels for one in panel.pooled]:
        text += f"## Over all cultures\n\n{pooled.markdown(several)}\n{pooled.READING}\n\n## Every culture\n\n"
    text += f"{table}\n{KEY}\n"
    if gains := section.elicited:
        text += f"\n## Gain by form of eliciting\n\n{elicitation.markdown(gains)}\n{elicitation.READING}\n"
    if crossed := [(panel.place.model, s) for panel in section.panels for s in panel.specificities]:
        text += f"\n## Specificity over all pairs of cultures\n\n{pairs.markdown(crossed)}\n{pairs.READING}\n"
    if found := [(panel.place.model, v) for panel in section.panels for v in panel.varieties]:
        text += f"\n## Variety between cultures\n\n{variety.markdown(found)}\n{variety.READING}\n"
    return text


def _placed(
    sections: Sequence[Section], figures: Callable[[CulturePanel], Iterable[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The figures of each panel, after where it stands."""
    return [
        {"world": world.name, "survey": world.survey, "split": split, "model": model, **found}
        for section in sections
        for panel in section.panels
        for world, split, model in [panel.place]
        for found in figures(panel)
    ]


def _rows(section: Section) -> list[BoardRow]:
    """All rows under the titles of their cultures, with split and model where the world holds several."""
    kinds = [len({panel.place[i] for panel in section.panels}) for i in (1, 2)]
    found = []
    for panel in section.panels:
        place = [part for part, known in zip(panel.place[1:], kinds, strict=True) if known > 1]
        for group in panel.groups:
            damages = {line.row.label: line.damage for line in panel.of(group)}
            title = ", ".join([group.title, *place])
            found += [BoardRow(title, row, damages.get(row.label)) for row in group.rows]
    return found
