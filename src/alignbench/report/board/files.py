"""The board as CSV, Markdown and LaTeX."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from alignbench.evaluation.board import Row
from alignbench.files import replacing, write_text
from alignbench.report import variety
from alignbench.report.board import pairs
from alignbench.report.board.lines import Board, costs, tidy
from alignbench.report.board.panels import Panel, Section
from alignbench.report.markdown import columns_table
from alignbench.report.numbers import MISSING, change, number, p_value, signed, within

Boards = Mapping[str, Sequence[Row]]
Damages = Mapping[str, Mapping[str, float]]


class _Told(NamedTuple):
    """A row of the board under the title of its culture."""

    title: str
    row: Row
    damage: float | None


def _difference(told: _Told) -> str:
    mark = "† " if told.row.kind == "control" else "‡ " if told.row.plain is not None else ""
    return mark + change(*told.row.figure("difference"))


_COLUMNS: dict[str, Callable[[_Told], str]] = {
    "culture": lambda t: t.title,
    "row": lambda t: t.row.label,
    "score, 95 %": lambda t: change(*t.row.figure("score")).removeprefix("+"),
    "skill": lambda t: number(t.row.skill, 2),
    "difference († own minus cross, ‡ beyond the prompt), 95 %": _difference,
    "p (Holm)": lambda t: p_value(t.row.p_value),
    "minimum detectable effect": lambda t: number(t.row.detectable),
    "specificity, 95 %": lambda t: change(*t.row.figure("specificity")),
    "p of it (Holm)": lambda t: p_value(t.row.specificity_p),
    "format": lambda t: within(t.row.format_spread, t.row.separable),
    "entropy (people's)": lambda t: f"{number(t.row.entropy_model, 2)} ({number(t.row.entropy_survey, 2)})",
    "option mass": lambda t: number(t.row.option_mass, 2),
    "damage": lambda t: signed(t.damage),
    "items / batteries": lambda t: f"{t.row.items} / {t.row.batteries}",
    "seeds": lambda t: str(t.row.seeds) if t.row.kind != "reference" else MISSING,
    "sd over seeds": lambda t: number(t.row.seed_spread),
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
    """One Markdown table, a row each; † marks own minus cross, ‡ a difference to the base told the same words.

    All other differences are to the base told nothing; ≈ marks what is not separable from format.
    """
    return columns_table(_COLUMNS, _told(boards, damages), _LEFT)


def latex(boards: Boards, damages: Damages | None = None) -> str:
    """A LaTeX table (package booktabs), a rule between cultures."""
    lines = [
        "% Needs \\usepackage{booktabs}; wide: put it into a landscape page or a \\resizebox.",
        f"\\begin{{tabular}}{{{'l' * _LEFT}{'r' * (len(_COLUMNS) - _LEFT)}}}",
        "\\toprule",
        _latex_row(_COLUMNS),
    ]
    for title, rows in boards.items():
        lines.append("\\midrule")
        told = _told({title: rows}, damages)
        lines += [_latex_row(show(line) for show in _COLUMNS.values()) for line in told]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _page(section: Section, alone: bool) -> str:
    """The tables of a world in Markdown, under its title where it is not alone."""
    title = "" if alone else f"# {section.world.title}\n\n{section.world.name}.\n\n"
    text = title + markdown(*_by_title(section))
    if crossed := [(panel.place.model, s) for panel in section.panels for s in panel.specificities]:
        text += f"\n## Specificity over all pairs of cultures\n\n{pairs.markdown(crossed)}\n{pairs.READING}\n"
    if found := [(panel.place.model, v) for panel in section.panels for v in panel.varieties]:
        text += f"\n## Variety between cultures\n\n{variety.markdown(found)}\n{variety.READING}\n"
    return text


def _tex(section: Section, alone: bool) -> str:
    """The table of a world in LaTeX, under a comment with its title where it is not alone."""
    world = section.world
    return f"{'' if alone else f'% {world.title} ({world.name})' + chr(10)}{latex(*_by_title(section))}"


def _placed(sections: Sequence[Section], figures: Callable[[Panel], Iterable[dict[str, Any]]]) -> list[dict[str, Any]]:
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


def _told(boards: Boards, damages: Damages | None) -> list[_Told]:
    lost = damages or {}
    return [_Told(title, row, lost.get(title, {}).get(row.label)) for title, rows in boards.items() for row in rows]


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
