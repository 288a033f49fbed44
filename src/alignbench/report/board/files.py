"""The board as CSV, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from alignbench.evaluation.board import Row
from alignbench.report import variety
from alignbench.report.board.lines import Board, costs, tidy
from alignbench.report.board.panels import Panel
from alignbench.report.markdown import pipe_table
from alignbench.report.numbers import MISSING, change, number, p_value, signed, within

Boards = Mapping[str, Sequence[Row]]
Damages = Mapping[str, Mapping[str, float]]

_TITLES = (
    "culture",
    "row",
    "score, 95 %",
    "skill",
    "difference († own minus cross, ‡ beyond the prompt), 95 %",
    "p (Holm)",
    "could see",
    "format",
    "entropy (people's)",
    "option mass",
    "damage",
    "items / batteries",
    "seeds",
    "sd over seeds",
)
_LEFT = 2  # leading columns of words


def write_files(board: Board, panels: Sequence[Panel]) -> None:
    """``board.csv``, ``board.md`` and ``board.tex``: the same rows; ``costs.csv``: what they took; ``variety.csv``."""
    folder = board.folder
    pd.DataFrame(tidy(board)).to_csv(folder / "board.csv", index=False)
    pd.DataFrame(costs(board)).to_csv(folder / "costs.csv", index=False)
    boards, damages = _by_title(board)
    (folder / "board.md").write_text(f"{markdown(boards, damages)}{_varieties(panels)}", encoding="utf-8")
    pd.DataFrame(
        {"survey": panel.survey, "split": panel.split, "model": panel.model, **variety.plain(found)}
        for panel in panels
        for found in panel.varieties
    ).to_csv(folder / "variety.csv", index=False)
    (folder / "board.tex").write_text(latex(boards, damages), encoding="utf-8")


def markdown(boards: Boards, damages: Damages | None = None) -> str:
    """One Markdown table, a row each; † marks own minus cross, ‡ a difference to the base told the same words.

    All other differences are to the base told nothing; ≈ marks what is not separable from format.
    """
    return pipe_table(_TITLES, _table(boards, damages), _LEFT)


def latex(boards: Boards, damages: Damages | None = None) -> str:
    """A LaTeX table (package booktabs), a rule between cultures."""
    lines = [
        "% Needs \\usepackage{booktabs}; wide: put it into a landscape page or a \\resizebox.",
        f"\\begin{{tabular}}{{{'l' * _LEFT}{'r' * (len(_TITLES) - _LEFT)}}}",
        "\\toprule",
        _latex_row(_TITLES),
    ]
    for title, rows in boards.items():
        lines.append("\\midrule")
        lines += [_latex_row(texts) for texts in _table({title: rows}, damages)]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _varieties(panels: Sequence[Panel]) -> str:
    found = [(panel.model, v) for panel in panels for v in panel.varieties]
    return f"\n## Variety between cultures\n\n{variety.markdown(found)}\n{variety.READING}\n" if found else ""


def _by_title(board: Board) -> tuple[Boards, Damages]:
    """Rows and damages by the name of their group."""
    kinds = [len({group.panel[i] for group in board.groups}) for i in range(3)]
    boards, damages = {}, {}
    for group in board.groups:
        place = [part for part, known in zip(group.panel, kinds, strict=True) if known > 1]
        title = ", ".join([group.country, *place])
        boards[title] = group.rows
        damages[title] = {
            line.row.label: line.damage for line in board.lines if line.group is group and line.damage is not None
        }
    return boards, damages


def _table(boards: Boards, damages: Damages | None) -> Iterable[list[str]]:
    for title, rows in boards.items():
        lost = (damages or {}).get(title, {})
        yield from (_texts(title, row, lost.get(row.label)) for row in rows)


def _texts(title: str, row: Row, damage: float | None) -> list[str]:
    difference = change(row.difference, row.difference_low, row.difference_high)
    return [
        title,
        row.label,
        change(row.score, row.low, row.high).removeprefix("+"),
        number(row.skill, 2),
        f"† {difference}" if row.kind == "control" else f"‡ {difference}" if row.plain is not None else difference,
        p_value(row.p_value),
        number(row.detectable),
        within(row.format_spread, row.separable),
        f"{number(row.entropy_model, 2)} ({number(row.entropy_survey, 2)})",
        number(row.option_mass, 2),
        signed(damage),
        f"{row.items} / {row.batteries}",
        str(row.seeds) if row.kind != "reference" else MISSING,
        number(row.seed_spread),
    ]


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
