"""No figure belongs to something else: what once failed (A1, A3), with the right values."""

import pytest

from alignbench.record.finished import finished
from alignbench.report import board
from alignbench.runs.compare import compare

pytestmark = pytest.mark.long

QUICK = ("control=false", "training.updates=6", "scoring.bootstrap=200")


def test_a_smaller_pool_in_a_store_that_has_the_larger_one_is_as_in_an_empty_store(planted_cell, tmp_path):
    words = ("method=survey_rl", *QUICK)
    larger, _ = compare(planted_cell(tmp_path / "shared", *words))
    smaller, _ = compare(planted_cell(tmp_path / "shared", *words, "method.pool_size=20"))
    alone, _ = compare(planted_cell(tmp_path / "fresh", *words, "method.pool_size=20"))
    assert smaller.rows == alone.rows and smaller.items == alone.items
    assert len(smaller.pool.table) == 20 < len(larger.pool.table)
    assert smaller.aligned.score != larger.aligned.score


def test_two_judges_are_two_rows_two_results_and_two_pages(planted_cell, tmp_path):
    words = ("method=survey_rl", *QUICK, "insist=true")
    for judge in ("embedding", "blend"):
        compare(planted_cell(tmp_path, *words, f"judge={judge}"))
    cells, reports = finished(tmp_path / "store"), tmp_path / "reports"
    shown = board.read(cells, tmp_path / "store", reports)
    methods = {line.row.label: line for line in shown.lines if line.row.kind == "method"}
    assert set(methods) == {f"survey_rl, judge={judge}, training.updates=6" for judge in ("blend", "embedding")}
    assert len({shown.pages[cell.stage] for cell in cells}) == len(cells) == 2
