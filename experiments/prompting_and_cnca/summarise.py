"""Boards and figure of this study from its store: ``python experiments/prompting_and_cnca/summarise.py``.

Prints Markdown, writes ``summary.csv`` and ``norms.png``. Intervals are over batteries of questions.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from alignbench.evaluation.board import Row, flat
from alignbench.record.cell import CellRecord
from alignbench.record.finished import finished, with_items
from alignbench.report.board.files import markdown

sys.path.insert(0, str(Path(__file__).parents[1]))
from boards import by_culture, by_name, pooled_board

HERE = Path(__file__).parent
MINING = {"tq_ta": "top answer", "tq_ra": "ranked answers"}
AUTHORS = {"template": "template", "llm": "the model itself"}
COLOURS = {"tq_ta": "#00766a", "tq_ra": "#b4561d"}
INK, GREY = "#191c20", "#8a929a"


def direct(record: CellRecord) -> bool:
    """A cell of the two figures: norms in context, the answer at once."""
    return record.cell.method == "cnca_incontext" and record.cell.labels["reasoning"] == "False"


def name(record: CellRecord) -> str:
    """The method; of the figures' cells also what they vary."""
    if not direct(record):
        return record.cell.method
    knobs = record.cell.labels
    author = AUTHORS[knobs["author"]]
    return f"norms: {MINING[knobs['mining']]}, {knobs['norms_per_topic']} a topic, by {author}"


def main(store: Path) -> None:
    """Print the boards and write the files."""
    found = [cell for cell in with_items(finished(store)) if _shown(cell.record)]
    cells = by_culture(found)
    boards = {key: pooled_board(by_name(own, name)) for key, own in cells.items()}
    print(markdown(boards))
    rows = [{"culture": key, **flat(row)} for key, board in boards.items() for row in board]
    pd.DataFrame(rows).to_csv(HERE / "summary.csv", index=False, float_format="%.4f")
    draw(boards, {key: [cell.record for cell in own] for key, own in cells.items()}, HERE / "norms.png")


def _shown(record: CellRecord) -> bool:
    cell = record.cell
    return cell.model == "smollm2_135m" and cell.split == "test" and cell.culture in ("china", "iraq")


def draw(boards: Mapping[str, Sequence[Row]], cells: Mapping[str, Sequence[CellRecord]], path: Path) -> None:
    """A panel per culture: gain over the base against the number of norms a topic, a line per way of mining."""
    figure = Figure(figsize=(8.6, 3.6), dpi=150, facecolor="white", layout="constrained")
    panels = figure.subplots(1, len(boards), sharey=True, squeeze=False)[0]
    for axes, (key, board) in zip(panels, boards.items(), strict=True):
        _panel(axes, {row.label: row for row in board}, [r for r in cells[key] if direct(r)])
        axes.set_title(cells[key][0].cell.country, loc="left", fontsize=11, weight="bold", color=INK)
        axes.set_xlabel("norms a topic (log scale)", fontsize=9, color=INK)
    panels[0].set_ylabel("1 - JSD minus that of the base model", fontsize=9, color=INK)
    panels[0].legend(frameon=False, fontsize=9, loc="upper left")
    figure.savefig(path)


def _panel(axes, rows: Mapping[str, Row], cells: Sequence[CellRecord]) -> None:
    for shift, (mining, said) in zip((0.97, 1.03), MINING.items(), strict=True):
        own = [r for r in cells if (r.cell.labels["mining"], r.cell.labels["author"]) == (mining, "template")]
        points = sorted((int(r.cell.labels["norms_per_topic"]), rows[name(r)]) for r in own)
        counts = [count * shift for count, _ in points]
        axes.plot(counts, [row.difference for _, row in points], "o-", color=COLOURS[mining], ms=5, lw=1.8, label=said)
        bounds = [[row.difference_low for _, row in points], [row.difference_high for _, row in points]]
        axes.vlines(counts, *bounds, color=COLOURS[mining], lw=1.2, alpha=0.6)
    prompt = rows["cultural_prompt"].difference
    for height, said in ((0, "base model"), (prompt, "cultural prompt")):
        axes.axhline(height, color=GREY, lw=1, ls=":" if height else "-", zorder=0)
        axes.annotate(said, (1, height), (4, -3), ("axes fraction", "data"), "offset points", fontsize=8)
    axes.set_xscale("log")
    axes.set_xticks([1, 3, 5, 10, 20], ["1", "3", "5", "10", "20"])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "outputs/prompting_and_cnca/store"))
