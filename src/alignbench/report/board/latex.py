"""The board for a paper: scores, methods by cultures, and the pooled figures, in LaTeX (package booktabs)."""

from collections.abc import Iterable
from statistics import fmean

from alignbench.evaluation.board import Row
from alignbench.report.board.lines import ALPHA
from alignbench.report.board.panels import CulturePanel
from alignbench.report.board.pooled import specific
from alignbench.report.numbers import MISSING, number

_SPECIAL = {"\\": r"\textbackslash{}", **{c: f"\\{c}" for c in "&%$#_{}"}, "~": r"\textasciitilde{}", "†": r"\dag{}"}
_SPECIAL |= {"^": r"\textasciicircum{}", "−": "$-$", "–": "--", "<": "$<$", "’": "'", "‡": r"\ddag{}", "§": r"\S{}"}
_READING = (
    "% Scores; 1 is the people's own answers. Bold: a gain over what the method is compared with that is clear of zero "
    "after Holm's correction over the culture's methods; in italics: a loss."
)
_POOLED = (
    "% Specificity: what own models gain beyond other cultures' models, over all pairs, 95 % interval. Detectable: the "
    "true specificity that this design finds four times out of five."
)


def latex(panel: CulturePanel) -> str:
    """One table of a panel: the base, the methods by rank, the sanity rows; pooled columns where there are cultures."""
    world, split, model = panel.place
    titles = [group.title for group in panel.groups]
    rows = {label: _by_culture(panel, label) for label in _labels(panel)}
    pooled = {one.label: one for one in panel.pooled}
    head = ["Method", *titles, *(["Mean", "Specificity", "Detectable"] if len(titles) > 1 else [])]
    lines = [
        f"% {_one_line(world.title)} ({_one_line(world.name)}), {split}, {_one_line(model)}",
        *([_READING, _POOLED] if len(titles) > 1 else [_READING]),
        "% Needs \\usepackage{booktabs}.",
        f"\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        "\\toprule",
        _line(map(escaped, head)),
        "\\midrule",
    ]
    before = "base"
    for label, found in rows.items():
        kind = next(iter(found.values())).kind
        if kind != before:
            lines.append("\\midrule")
        before = kind
        cells = [_cell(found.get(title)) for title in titles]
        if len(titles) > 1:
            one, whole = pooled.get(label), len(found) == len(titles)
            mean = number(fmean(row.score for row in found.values())) if whole else MISSING
            figures = (mean, specific(one), number(one.detectable)) if one else (mean, MISSING, MISSING)
            cells += map(escaped, figures)
        lines.append(_line([escaped(label), *cells]))
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def escaped(text: str) -> str:
    """With the signs that LaTeX reads as its own written out."""
    return "".join(_SPECIAL.get(c, c) for c in text)


def _labels(panel: CulturePanel) -> list[str]:
    """Base, methods by rank, methods of one culture by score, sanity rows."""
    of = {kind: [line.row for line in panel.lines if line.row.kind == kind] for kind in ("base", "method", "reference")}
    ranked = [one.label for one in panel.pooled]
    named = [row.label for kind in of for row in of[kind]]
    return list(dict.fromkeys([*(row.label for row in of["base"]), *ranked, *named]))


def _by_culture(panel: CulturePanel, label: str) -> dict[str, Row]:
    """Title of a culture -> the row of that label on its board."""
    return {line.group.title: line.row for line in panel.lines if line.row.label == label}


def _cell(row: Row | None) -> str:
    if row is None:
        return escaped(MISSING)
    sure = row.kind == "method" and row.p_value is not None and row.p_value < ALPHA
    style = (r"\textbf{%s}" if (row.difference or 0) > 0 else r"\textit{%s}") if sure else "%s"
    return style % escaped(number(row.score))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(texts: Iterable[str]) -> str:
    return " & ".join(texts) + r" \\"
