"""Boards over seeds from the store of this study: ``python experiments/culturerl_specificity/summarise.py``.

For each culture the seeds of base, method and control are averaged per item; intervals are over
batteries, the spread over seeds stands beside them. Prints Markdown and writes ``summary.csv``.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from alignbench.config import conf_dir
from alignbench.data.cultures import culture_named
from alignbench.data.source.bundled import Bundled
from alignbench.data.splits import split_survey
from alignbench.evaluation.board import Entry, Row, board
from alignbench.evaluation.survey import SurveyBenchmark, distributions, option_mass
from alignbench.types import Split

HERE = Path(__file__).parent
CULTURES = ("iraq", "china", "usa")


def entries(store: Path, culture: str, items) -> list[Entry]:
    """One entry per label, with the responses of all seeds."""
    records = [json.loads(f.read_text()) for f in sorted(store.glob("score/*/record.json"))]
    cells = [r for r in records if r["cell"]["culture"] == culture and r["cell"]["split"] == "test"]
    by_label: dict[tuple[str, str], dict[int, str]] = {}
    for record in cells:
        for row in record["rows"]:
            if row["kind"] != "reference":
                by_label.setdefault((row["label"], row["kind"]), {})[record["cell"]["seed"]] = row["key"]
    found = []
    for (label, kind), keys in by_label.items():
        unique = dict.fromkeys(keys[seed] for seed in sorted(keys))
        frames = [pd.read_parquet(store / "respond" / key / "responses.parquet") for key in unique]
        own = label.split(" of ")[0] if kind == "control" else None
        found.append(
            Entry(
                label=label, kind=kind, key=" ".join(unique), base=label == "base", own=own,
                distributions=[distributions(f, items) for f in frames], masses=[option_mass(f) for f in frames],
            )
        )  # fmt: skip
    return found


def line(culture: str, row: Row) -> str:
    """A row in Markdown."""

    def spread(value, low, high, signed):
        if value is None:
            return ""
        sign = "+" if signed else ""
        return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"

    mark = "† " if row.kind == "control" else ""
    return " | ".join(
        (
            f"| {culture}", row.label, spread(row.score, row.low, row.high, False),
            "" if row.skill is None else f"{row.skill:.2f}",
            mark + spread(row.difference, row.difference_low, row.difference_high, True),
            "" if row.p_value is None else f"{row.p_value:.3f}",
            f"{row.entropy_model:.2f} ({row.entropy_survey:.2f})",
            "" if row.option_mass is None else f"{row.option_mass:.2f}",
            f"{row.items} / {row.batteries}", f"{row.seeds}",
            "|" if row.seed_spread is None else f"{row.seed_spread:.3f} |",
        )
    )  # fmt: skip


def main(store: Path) -> None:
    """Print the boards and write them as CSV."""
    source = Bundled("wvs7")
    survey = split_survey(source.load(()), source.splits())[Split.test]
    print("| culture | row | score, 95 % | skill | difference to base († own minus cross), 95 % | p (Holm) "
          "| entropy (people's) | option mass | items / batteries | seeds | sd over seeds |")  # fmt: skip
    print("|---|---|---|--:|---|--:|---|--:|--:|--:|--:|")
    rows = []
    for name in CULTURES:
        culture = culture_named(name, (conf_dir(),))
        for row in board(entries(store, name, survey.items), survey, culture.iso3, SurveyBenchmark()):
            rows.append({"culture": name, **asdict(row)})
            print(line(name, row))
    pd.DataFrame(rows).to_csv(HERE / "summary.csv", index=False, float_format="%.4f")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "outputs/store"))
