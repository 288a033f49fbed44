"""A metric is added in one place, and stands in every table."""

import csv
from pathlib import Path

import numpy as np
import pytest

import alignbench
from alignbench.evaluation.catalogue import METRICS, BoardMetric, Placement
from alignbench.record.finished import finished
from alignbench.report.board import write
from alignbench.report.page import write_page
from alignbench.report.results import schema_markdown
from alignbench.tracking.content import summary, tables
from tests.report.cells import cell


@pytest.mark.parametrize("place", [Placement.main, Placement.further])
def test_a_metric_is_added_in_one_place_and_stands_everywhere(
    place: Placement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def common(item: object, people: np.ndarray, model: np.ndarray) -> float:
        return float(np.minimum(people, model).sum(axis=-1).mean())

    made = BoardMetric("Common ground", "share of answers that both give", "A toy.", "share", shown=place, item=common)
    monkeypatch.setitem(METRICS, "common", made)
    store, reports = tmp_path / "store", tmp_path / "reports"
    record = cell(store, "culturerl", "iraq")
    value = record.rows[1].means["common"]
    assert value is not None and 0 < value < 1
    shown = f"{value:.3f}"

    page = write(finished(store), store, reports).read_text(encoding="utf-8")
    assert f'data-name="Common ground" data-v="{value}"' in page and 'data-sort="common"' in page
    assert "<dt>Common ground</dt><dd>A toy.</dd>" in page
    own = write_page(record, reports / "own", tmp_path).read_text(encoding="utf-8")
    assert ">Common ground</th>" in own and shown in own
    text = (reports / "board.md").read_text(encoding="utf-8")
    assert "Common ground" in text and shown in text
    with (reports / "board.csv").open(encoding="utf-8") as file:
        assert float(next(r for r in csv.DictReader(file) if r["label"] == "culturerl")["common"]) == value

    found = alignbench.load_results(store)
    line = found[(found.metric == "common") & (found.label == "culturerl")].iloc[0]
    assert (line.value, line.unit) == (value, "share")
    assert "| `common` | share |  |  | share of answers that both give |" in schema_markdown()

    assert summary(record)["common"] == value
    assert "common" in tables(record)["board"].columns


def test_a_record_from_before_a_metric_was_added_is_shown_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell(tmp_path, "culturerl", "iraq")
    monkeypatch.setitem(METRICS, "late", BoardMetric("Late", "m", item=lambda item, people, model: 0.5))
    page = write(finished(tmp_path), tmp_path, tmp_path / "reports").read_text(encoding="utf-8")
    assert "Late" not in page and "Wasserstein" in page
