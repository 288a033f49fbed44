"""Boards and counts of this study from its store: ``python experiments/generated_behaviour/summarise.py STORE``.

Prints Markdown and writes ``summary.csv`` and ``counts.csv``. Intervals are over batteries of questions.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from alignbench.evaluation.board import flat
from alignbench.record.cell import CellRecord
from alignbench.record.finished import FinishedCell, finished, with_items
from alignbench.report.board.files import markdown
from alignbench.report.numbers import pipe_table
from alignbench.report.page import accounts

sys.path.insert(0, str(Path(__file__).parents[1]))
from boards import by_culture, by_name, pooled_board

HERE = Path(__file__).parent
METHODS = ("clca", "culturellm", "culturepark", "culturespa")


def name(record: CellRecord) -> str:
    """The method and what was changed of it."""
    knobs = (f"{knob.removeprefix('method.')}={value}" for knob, value in record.cell.changed.items())
    return ", ".join([record.cell.method, *knobs])


def counts(cell: FinishedCell, store: Path) -> Iterator[dict[str, object]]:
    """A row for each step that made texts for the cell's own model."""
    for account in accounts(cell.record, store):
        if account.label == cell.own:
            made = account.ledger
            counted = {"step": made.what, "made": made.made, "kept": made.kept, "dropped": account.reasons}
            yield {"culture": cell.record.cell.culture, "cell": name(cell.record), **counted}


def main(store: Path) -> None:
    """Print both tables and write the files."""
    cells = by_culture([cell for cell in with_items(finished(store)) if cell.record.cell.method in METHODS])
    boards = {key: pooled_board(by_name(own, name)) for key, own in cells.items()}
    print(markdown(boards))
    made = pd.DataFrame(row for own in cells.values() for cell in own for row in counts(cell, store)).drop_duplicates()
    print(pipe_table(list(made), made.astype(str).to_numpy().tolist(), 3))
    rows = [{"culture": key, **flat(row)} for key, board in boards.items() for row in board]
    pd.DataFrame(rows).to_csv(HERE / "summary.csv", index=False, float_format="%.4f")
    made.to_csv(HERE / "counts.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
