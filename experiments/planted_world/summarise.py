"""Table, figure and page of this study from its store: ``python experiments/planted_world/summarise.py``.

Seeds are averaged per item, intervals are over batteries of questions. Prints Markdown, writes ``summary.csv``,
``planted_world.png`` and ``page.html``.
"""

import base64
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from alignbench.config import conf_dir
from alignbench.data.cultures import culture_named
from alignbench.data.source.world import WARNING, PlantedWorld
from alignbench.evaluation.board import CEILING, UNIFORM, Row, flat
from alignbench.record.cell import CellRecord
from alignbench.record.finished import FinishedCell, damage, finished, with_items
from alignbench.report.board.files import markdown
from alignbench.report.numbers import signed
from alignbench.report.origin import Origin
from alignbench.report.page import environment

sys.path.insert(0, str(Path(__file__).parents[1]))
from boards import by_culture, by_name, pooled_board

from alignbench.types import Culture

HERE = Path(__file__).parent
QUESTION = "How important is religion in life?"
INK, GREY, ACCENT = "#191c20", "#8a929a", "#00766a"
# Where the two columns of numbers end, in widths of a panel.
COLUMNS = (1.13, 1.3)


def name(record: CellRecord) -> str:
    """The method, and what of its recipe differs from the default."""
    reward = record.cell.labels.get("reward")
    return f"{record.cell.method}, majority reward" if reward == "verdict" else record.cell.method


def main(store: Path) -> None:
    """Print the table and write the files."""
    cells = by_culture(cell for cell in with_items(finished(store)) if cell.record.cell.model == "nano")
    cultures = {key: culture_named(key, (conf_dir(),)) for key in cells}
    boards = {key: pooled_board(by_name(found, name)) for key, found in cells.items()}
    damages = {key: _damages(found) for key, found in cells.items()}
    print(markdown(boards, damages))
    rows = [
        {"culture": key, **flat(row), "damage": damages[key].get(row.label)}
        for key, board in boards.items()
        for row in board
    ]
    pd.DataFrame(rows).to_csv(HERE / "summary.csv", index=False, float_format="%.4f")
    draw(boards, damages, cultures, HERE / "planted_world.png")
    write_page(PlantedWorld(), cultures, HERE / "page.html")


def _damages(cells: Sequence[FinishedCell]) -> dict[str, float]:
    lost = {called: damage(cell.record for cell in own) for called, own in by_name(cells, name).items()}
    return {called: change for called, change in lost.items() if change is not None}


def draw(
    boards: Mapping[str, Sequence[Row]],
    damages: Mapping[str, Mapping[str, float]],
    cultures: Mapping[str, Culture],
    path: Path,
) -> None:
    """A panel per culture: methods as dots with intervals, controls hollow, entropy and damage beside them."""
    counts = [sum(row.kind == "method" for row in board) for board in boards.values()]
    height = 0.95 + sum(0.36 * n + 0.75 for n in counts)
    figure = Figure(figsize=(9, height), dpi=150, facecolor="white")
    ratios = {"height_ratios": [n + 1.2 for n in counts]}
    panels = figure.subplots(len(boards), 1, sharex=True, squeeze=False, gridspec_kw=ratios)[:, 0]
    figure.subplots_adjust(left=0.25, right=0.78, top=1 - 0.85 / height, bottom=0.55 / height)
    figure.subplots_adjust(hspace=0.75 * len(counts) / (0.36 * sum(counts)))
    for axes, (key, board) in zip(panels, boards.items(), strict=True):
        _panel(axes, board, damages[key])
        axes.set_title(cultures[key].country, loc="left", fontsize=10.5, weight="bold", color=INK, pad=5)
    label = "1 - JSD to the true answers, held-out questions (dotted: uniform answers)"
    panels[-1].set_xlabel(label, fontsize=9, color=INK)
    box = panels[0].get_position()
    for x, text in zip(COLUMNS, ("entropy", "damage"), strict=True):
        figure.text(box.x0 + box.width * x, box.y1 + 0.27 / height, text, ha="right", fontsize=9, color=INK)
    figure.text(0.02, 1 - 0.22 / height, WARNING, fontsize=9, weight="bold", color=INK, va="center")
    note = "Filled: the method. Hollow: the same recipe fitted to another country."
    figure.text(0.02, 1 - 0.42 / height, note, fontsize=9, color=GREY, va="center")
    figure.savefig(path)


def _panel(axes, board: Sequence[Row], damages: Mapping[str, float]) -> None:
    rows = [row for row in board if row.kind == "method"][::-1]
    for place, row in enumerate(rows):
        colour = INK if row.label == "base" else ACCENT
        axes.plot([row.low, row.high], [place, place], color=colour, lw=2.2, solid_capstyle="round", zorder=2)
        axes.plot(row.score, place, "o", color=colour, ms=7, zorder=3)
        control = next((r for r in board if r.kind == "control" and r.label.startswith(f"{row.label} of ")), None)
        if control is not None:
            axes.plot(control.score, place, "o", mfc="white", mec=GREY, mew=1.4, ms=6, zorder=3)
        lost = damages.get(row.label)
        texts = (f"{row.entropy_model:.2f}", "" if lost is None else signed(lost))
        for x, text in zip(COLUMNS, texts, strict=True):
            axes.text(x, place, text, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=9)
    for label, style in ((UNIFORM, ":"), (CEILING, "-")):
        axes.axvline(next(row.score for row in board if row.label == label), color=GREY, lw=1, ls=style, zorder=1)
    people = f"(people {rows[0].entropy_survey:.2f})"
    axes.text(COLUMNS[0], 1.02, people, transform=axes.transAxes, ha="right", va="bottom", fontsize=8, color=GREY)
    axes.set_yticks(range(len(rows)), [row.label.replace("_", " ") for row in rows], fontsize=9.5)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, colors=INK)
    axes.grid(axis="x", color="#eceeef", lw=0.8)
    axes.set_axisbelow(True)


def write_page(source: PlantedWorld, cultures: Mapping[str, Culture], path: Path) -> None:
    """One page for a student: the world in one question, and the figure."""
    world = source.population()
    q = next(i for i, item in enumerate(world.items) if item.question == QUESTION)
    shown = [*cultures.values(), culture_named("usa", (conf_dir(),))]
    bars = [(c.country, [float(s) for s in world.truth[q][world.index(c.iso3)]]) for c in shown]
    picture = base64.b64encode((HERE / "planted_world.png").read_bytes()).decode()
    text = (
        environment(HERE)
        .get_template("page.html.jinja")
        .render(
            origin=Origin("sh experiments/planted_world/run.sh"),
            warning=WARNING,
            item=world.items[q],
            bars=bars,
            picture=picture,
            countries=len(world.countries),
            items=world.items,
        )
    )
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "outputs/planted_world/store"))
