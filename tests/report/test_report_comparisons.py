"""``alignbench.compare``: the board's differences, and those between any two rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import alignbench as ab
from alignbench.evaluation.statistics import holm, paired
from alignbench.record.finished import finished
from alignbench.report.board import write
from tests.report.cells import KNOBS, cell


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    for culture in ("iraq", "china"):
        for seed in (0, 1):
            cell(folder, "culturerl", culture, seed, 0.9)
            cell(folder, "survey_sft", culture, seed, 0.7)
    return folder


@pytest.mark.long
def test_without_a_rival_the_figures_are_those_of_the_board(store: Path, tmp_path: Path) -> None:
    write(finished(store), store, tmp_path)
    with (tmp_path / "board.csv").open() as file:
        board = {(r["culture"], r["label"]): r for r in csv.DictReader(file) if r["kind"] == "method"}
    table = ab.compare(store)
    assert {(r.culture, r.method) for r in table.itertuples()} == set(board) and len(board) == 6
    for row in table.itertuples():
        shown = board[row.culture, row.method]
        for name, column in (("difference", "difference"), ("low", "difference_low"), ("p_value", "p_value")):
            assert getattr(row, name) == pytest.approx(float(shown[column]), abs=1e-6)
        assert row.against == shown["against"] == "base"


def test_any_two_methods_are_paired_by_question_and_seed(store: Path) -> None:
    table = ab.compare(store, against="survey_sft", culture="iraq").set_index("method")
    assert set(table.index) == {"culturerl", "cultural_prompt"} and set(table["against"]) == {"survey_sft"}
    boards = [c.scored for c in finished(store) if c.record.cell.culture == "iraq"]
    found = {e.label: [b2 for b in boards for b2 in b if b2.label == e.label] for b in boards for e in b}
    items, batteries = found["culturerl"][0].items, found["culturerl"][0].batteries
    ours, theirs = (np.stack([e.js(items)[0] for e in found[label]]) for label in ("culturerl", "survey_sft"))
    expected = paired(ours, theirs, batteries, KNOBS.resampling)
    own = table.loc["culturerl"]
    assert (own.difference, own.low, own.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert own.seeds == 2 and sorted(table["p_value"]) == pytest.approx(sorted(holm(table["p_raw"])))


def test_rows_are_chosen_by_method_and_cells_by_what_they_are(store: Path) -> None:
    assert list(ab.compare(store, method="culturerl", culture=["china"])["method"]) == ["culturerl"]
    assert set(ab.compare(store, seed=1)["seeds"]) == {1}
    with pytest.raises(ab.AlignbenchError, match=r"culture = 'peru': the store has china, iraq"):
        ab.compare(store, culture="peru")
    with pytest.raises(ab.AlignbenchError, match=r"method = 'clca'.*culturerl"):
        ab.compare(store, method="clca")
    with pytest.raises(ab.AlignbenchError, match=r"against = 'clca'"):
        ab.compare(store, against="clca")
