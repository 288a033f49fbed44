"""The table of this study from its stores: ``python experiments/open_practice/summarise.py STORE ...``.

For each variant, the mean over cultures and, over all pairs of cultures, the specificity beyond the prompt. Prints
Markdown and writes ``summary.csv``.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from alignbench.evaluation.metrics import js_similarity
from alignbench.record.cell import CellRecord
from alignbench.record.finished import FinishedCell, finished, pooled, resampling, with_items
from alignbench.report.board.pairs import specificities
from alignbench.report.numbers import change, p_value, pipe_table, signed

sys.path.insert(0, str(Path(__file__).parents[1]))
from boards import by_culture, by_name, pooled_board

HERE = Path(__file__).parent
BASE = {"cluster": "all norms of the cluster", "all": "all norms", "top5": "the five nearest norms", "none": "no norm"}


def variant(record: CellRecord) -> str:
    """What of the method was switched."""
    if record.cell.method != "culturerl":
        return record.cell.method
    labels = record.cell.labels
    judged = BASE[labels.get("retrieval", "cluster")]
    return f"culturerl, {judged}" + (", not the question's own" if labels.get("own_norm") == "excluded" else "")


def lines(cells: Sequence[FinishedCell]) -> list[dict[str, Any]]:
    """One for each variant of one model."""
    first = cells[0]
    named = {culture: by_name(found, variant) for culture, found in by_culture(cells).items()}
    boards = {culture: pooled_board(of) for culture, of in named.items()}
    entries = {culture: pooled(of) for culture, of in named.items()}
    pairs = {one.label: one for one in specificities(entries, partial(js_similarity, base=2), resampling(first))}
    found = []
    for name in dict.fromkeys(variant(cell.record) for cell in cells):
        if name not in pairs:
            print(f"left out: {name}, of which a single culture is finished", file=sys.stderr)
            continue
        specific, rows = pairs[name], [row for board in boards.values() for row in board if row.label == name]
        histories = [cell.record.history for cell in cells if variant(cell.record) == name]
        paid = [[update["reward"] for update in history if "reward" in update] for history in histories]
        found.append(
            {
                "model": first.record.cell.model,
                "variant": name,
                "cultures": len(rows),
                "score": fmean(row.score for row in rows),
                "change": fmean(row.difference for row in rows),
                "specificity": specific.found.value,
                "low": specific.found.low,
                "high": specific.found.high,
                "p": specific.p_value,
                "detectable": specific.found.detectable,
                "reward_first": fmean(fmean(p[: len(p) // 4]) for p in paid),
                "reward_last": fmean(fmean(p[-(len(p) // 4) :]) for p in paid),
            }
        )
    return found


def main(*stores: Path) -> None:
    """Print the table and write it."""
    found = [line for store in stores for line in lines(list(with_items(finished(store))))]
    titles = [
        "model",
        "variant",
        "score",
        "change",
        "specificity, 95 %",
        "p (Holm)",
        "detectable",
        "reward, first and last quarter",
    ]
    shown = [
        [
            line["model"],
            line["variant"],
            f"{line['score']:.3f}",
            signed(line["change"]),
            change(line["specificity"], line["low"], line["high"]),
            p_value(line["p"]),
            f"{line['detectable']:.3f}",
            f"{line['reward_first']:.2f}, {line['reward_last']:.2f}",
        ]
        for line in found
    ]
    print(pipe_table(titles, shown, 2))
    pd.DataFrame(found).to_csv(HERE / "summary.csv", index=False, float_format="%.4f")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
