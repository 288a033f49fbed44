"""Boards over seeds from the store of this study: ``python experiments/culturerl_specificity/summarise.py``.

For each culture the seeds of base, method and control are averaged per item; intervals are over
batteries, the spread over seeds stands beside them. Prints Markdown and writes ``summary.csv``.
"""

import sys
from pathlib import Path

import pandas as pd

from alignbench.evaluation.board import flat
from alignbench.record.finished import finished, with_items
from alignbench.report.board.files import markdown

sys.path.insert(0, str(Path(__file__).parents[1]))
from boards import by_culture, by_name, method_name, pooled_board

HERE = Path(__file__).parent


def main(store: Path) -> None:
    """Print the boards and write them as CSV."""
    cells = by_culture(cell for cell in with_items(finished(store)) if cell.record.cell.split == "test")
    boards = {name: pooled_board(by_name(cells[name], method_name)) for name in ("iraq", "china", "usa")}
    print(markdown(boards))
    rows = [{"culture": name, **flat(row)} for name, board in boards.items() for row in board]
    pd.DataFrame(rows).to_csv(HERE / "summary.csv", index=False, float_format="%.4f")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "outputs/store"))
