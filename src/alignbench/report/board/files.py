"""The board as CSV, Markdown and LaTeX."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from alignbench.evaluation.board import Row
from alignbench.evaluation.catalogue import Shown
from alignbench.files import replacing, write_text
from alignbench.report import variety
from alignbench.report.board import pairs
from alignbench.report.board.lines import Board, costs, tidy
from alignbench.report.board.panels import CulturePanel, Section
from alignbench.report.columns import KEY, of, shown
from alignbench.report.markdown import columns_table
from alignbench.report.numbers import MISSING, signed

Boards = Mapping[str, Sequence[Row]]
Damages = Mapping[str, Mapping[str, float]]


class _BoardRow(NamedTuple):
    """A row of the board under the title of its culture."""

    title: str
    row: Row
    damage: float | None

    def text(self, name: str) -> str:
        """A figure as text."""
        return signed(self.damage) if name == "elsewhere" else of(self.row, name)


def _columns() -> dict[str, Callable[[_BoardRow], str]]:
    """Title -> what stands there; own minus cross has rows of its own."""
    shown_here = shown(Shown.main, Shown.further)
    del shown_here["own_minus_cross"]
    return {
        "Culture": lambda line: line.title,
        "Row": lambda line: line.row.label,
        **{metric.title: partial(_BoardRow.text, name=name) for name, metric in shown_here.items()},
        "Items / batteries": lambda line: f"{line.row.items} / {line.row.batteries}",
        "Seeds": lambda line: str(line.row.seeds) if line.row.kind != "reference" else MISSING,
    }


_LEFT = 2  # leading columns of words


def write_files(board: Board, sections: Sequence[Section]) -> None:
    """``board.csv``, ``board.md`` and ``board.tex``: the same rows, the latter a table for each world; ``costs.csv``:
    what they took; ``variety.csv`` and ``specificity.csv``: figures over several cultures.
    """
    folder = board.folder
    tables = {"board": tidy(board), "costs": costs(board)}
    tables["variety"] = _placed(sections, lambda panel: map(variety.plain, panel.varieties))
    tables["specificity"] = _placed(sections, lambda panel: map(pairs.plain, panel.specificities))
    for name, rows in tables.items():
        with replacing(folder / f"{name}.csv") as partial:
            pd.DataFrame(rows).to_csv(partial, index=False)
    alone = len(sections) == 1
    write_text(folder / "board.md", "\n".join(_page(section, alone) for section in sections))
    write_text(folder / "board.tex", "\n".join(_tex(section, alone) for section in sections))


def markdown(boards: Boards, damages: Damages | None = None) -> str:
    """One Markdown table, a row each; :data:`~alignbench.report.columns.KEY` says what its marks mean."""
    return columns_table(_columns(), _rows(boards, damages), _LEFT)


def latex(boards: Boards, damages: Damages | None = None) -> str:
    """A LaTeX table (package booktabs), a rule between cultures."""
    columns = _columns()
    lines = [
        f"% {KEY}",
        "% Needs \\usepackage{booktabs}; wide: put it into a landscape page or a \\resizebox.",
        f"\\begin{{tabular}}{{{'l' * _LEFT}{'r' * (len(columns) - _LEFT)}}}",
        "\\toprule",
        _latex_row(columns),
    ]
    for title, rows in boards.items():
        lines.append("\\midrule")
        told = _rows({title: rows}, damages)
        lines += [_latex_row(show(line) for show in columns.values()) for line in told]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _page(section: Section, alone: bool) -> str:
    """The tables of a world in Markdown, under its title where it is not alone."""
    title = "" if alone else f"# {section.world.title}\n\n{section.world.name}.\n\n"
    text = f"{title}{markdown(*_by_title(section))}\n{KEY}\n"
    if crossed := [(panel.place.model, s) for panel in section.panels for s in panel.specificities]:
        text += f"\n## Specificity over all pairs of cultures\n\n{pairs.markdown(crossed)}\n{pairs.READING}\n"
    if found := [(panel.place.model, v) for panel in section.panels for v in panel.varieties]:
        text += f"\n## Variety between cultures\n\n{variety.markdown(found)}\n{variety.READING}\n"
    return text


def _tex(section: Section, alone: bool) -> str:
    """The table of a world in LaTeX, under a comment with its title where it is not alone."""
    world = section.world
    return f"{'' if alone else f'% {world.title} ({world.name})' + chr(10)}{latex(*_by_title(section))}"


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


def _by_title(section: Section) -> tuple[Boards, Damages]:
    """Rows and damages by the title of their culture, with split and model where the world holds several."""
    kinds = [len({panel.place[i] for panel in section.panels}) for i in (1, 2)]
    boards, damages = {}, {}
    for panel in section.panels:
        place = [part for part, known in zip(panel.place[1:], kinds, strict=True) if known > 1]
        for group in panel.groups:
            title = ", ".join([group.title, *place])
            boards[title] = group.rows
            damages[title] = {line.row.label: line.damage for line in panel.of(group) if line.damage is not None}
    return boards, damages


def _rows(boards: Boards, damages: Damages | None) -> list[_BoardRow]:
    lost = damages or {}
    return [_BoardRow(title, row, lost.get(title, {}).get(row.label)) for title, rows in boards.items() for row in rows]


_SPECIAL = {"\\": r"\textbackslash{}", **{c: f"\\{c}" for c in "&%$#_{}"}, "~": r"\textasciitilde{}", "†": r"\dag{}"}
_SPECIAL |= {
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "–": "--",
    "<": "$<$",
    "’": "'",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "‡": r"\ddag{}",
}


def _latex_row(texts: Iterable[str]) -> str:
    return " & ".join("".join(_SPECIAL.get(c, c) for c in text) for text in texts) + r" \\"
