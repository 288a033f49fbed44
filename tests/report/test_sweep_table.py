"""What a sweep ends in: one table that fits a terminal of 80 columns, whatever methods and cultures are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from alignbench.record.finished import finished
from alignbench.report.board import read
from alignbench.report.board.panels import sections
from alignbench.report.sweep_table import FailedCell, sweep_tables
from tests.report.cells import cell

LONG = "a_method_of_a_long_name"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    store = tmp_path_factory.mktemp("sweep") / "store"
    for culture in ("iraq", "china"):
        cell(store, "culturerl", culture, gain=0.8)
        cell(store, LONG, culture, gain=0.3, reward="verdict")
    return sections(read(finished(store), store, store))


def lines(found, width: int, *failed: FailedCell) -> list[str]:
    console = Console(width=width, highlight=False, force_terminal=False)
    with console.capture() as capture:
        for part in sweep_tables(found, failed, width):
            console.print(part)
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_no_word_or_figure_is_cut(found, width):
    shown = lines(found, width)
    assert max(map(len, shown)) <= width and not any("…" in line for line in shown)
    (panel,) = found[0].panels
    words = " ".join(shown).split()
    assert LONG in " ".join(shown) and "reward=verdict" in words
    own = next(one for one in panel.pooled if one.label == "culturerl")
    for figure in (own.specificity.value, own.detectable):
        assert any(f"{figure:.3f}" in word for word in words)
    assert sum("Every culture counts the same" in line for line in shown) == 1
    for row in own.rows.values():
        assert any(word.startswith(f"{row.score:.3f}".removeprefix("0")) for word in words)


def test_what_failed_stands_where_its_figure_would(found):
    shown = lines(found, 120, FailedCell("culturerl", "iraq"), FailedCell("survey_sft", "china"))
    (row,) = (line for line in shown if line.startswith("survey_sft"))
    assert row.split().count("fail") == 1
    assert not any("fail" in line for line in shown if line.startswith("culturerl")), "a result that is there is shown"


def test_a_sweep_over_one_culture_shows_its_differences(tmp_path: Path):
    cell(tmp_path / "store", "culturerl", "iraq", gain=0.8)
    one = sections(read(finished(tmp_path / "store"), tmp_path / "store", tmp_path))
    shown = lines(one, 80)
    assert any("difference, 95 %" in line for line in shown) and not any("specificity, 95 %" in line for line in shown)
