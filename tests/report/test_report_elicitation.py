"""Forms of eliciting stand on boards of their own, and side by side in a table of gains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignbench.evaluation.elicit import Elicit
from alignbench.record.finished import finished
from alignbench.report.board import read, write
from alignbench.report.board.elicitation import elicited
from alignbench.report.results import comparisons, results
from tests.report.cells import cell


@pytest.fixture
def store(tmp_path):
    """One method in two forms, with another gain in each, and a second culture in one form alone."""
    for seed in (0, 1):
        cell(tmp_path / "store", "survey_sft", "iraq", seed, 0.8)
        cell(tmp_path / "store", "survey_sft", "iraq", seed, 0.5, elicit=Elicit.sampled)
    cell(tmp_path / "store", "survey_sft", "china", gain=0.6)
    return tmp_path / "store"


def test_forms_never_share_a_board_a_row_or_a_page(store, tmp_path):
    board = read(finished(store), store, tmp_path)
    assert [(g.model, g.culture) for g in board.groups] == [
        ("nano", "china"),
        ("nano, elicit=label", "iraq"),
        ("nano, elicit=sampled", "iraq"),
    ]
    for group in board.groups:
        assert {cell.asked["elicit"] for cell in group.cells} == {group.first.asked["elicit"]}
        assert [len(e.frames) for e in group.scored if e.kind == "method" and e.label == "survey_sft"] == [
            1 if group.culture == "china" else 2
        ]
    assert len(set(board.pages.values())) == 5
    assert sum("-sampled-iraq" in name for name in board.pages.values()) == 2
    found = results(store)
    assert set(found["elicit"]) == {"label", "sampled"}
    compared = comparisons(store, None, ["survey_sft"], {})
    assert {"nano, elicit=label", "nano, elicit=sampled"} <= set(compared["model"])


def test_the_gains_stand_side_by_side_with_what_the_form_moved(store, tmp_path):
    board = read(finished(store), store, tmp_path)
    found = elicited(board.groups)
    own = [one for one in found if one.label == "survey_sft"]
    assert [(one.culture, one.form) for one in own] == [("Iraq", "label"), ("Iraq", "sampled")]
    first, second = own
    assert first.moved is None and first.p_value is None and second.moved is not None
    assert second.moved.value == pytest.approx(second.gain.value - first.gain.value)
    assert second.moved.high < 0 and second.p_value < 0.05
    assert second.gain.value == pytest.approx(second.score - second.against)
    # The baseline answered alike in both forms.
    (rival,) = (one for one in found if one.label == "cultural_prompt" and one.moved)
    assert rival.moved.value == pytest.approx(0) and rival.p_value == 1


def test_the_table_is_written_and_shown(store, tmp_path):
    page = write(finished(store), store, tmp_path / "reports").read_text(encoding="utf-8")
    assert "Gain by form of eliciting" in page
    text = (tmp_path / "reports" / "board.md").read_text(encoding="utf-8")
    assert "## Gain by form of eliciting" in text and "| Iraq | nano | survey_sft | sampled |" in text
    table = pd.read_csv(tmp_path / "reports" / "elicitation.csv")
    moved = table[(table["label"] == "survey_sft") & (table["form"] == "sampled")]
    assert np.isfinite(moved[["gain_low", "gain_high", "moved", "moved_low", "moved_high"]].to_numpy()).all()


def test_a_store_of_one_form_has_no_such_table(tmp_path):
    cell(tmp_path / "store", "survey_sft", "iraq")
    page = write(finished(tmp_path / "store"), tmp_path / "store", tmp_path / "reports").read_text(encoding="utf-8")
    assert "Gain by form" not in page
