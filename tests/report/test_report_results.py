import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import alignbench
from alignbench.errors import AlignbenchError
from alignbench.evaluation.catalogue import METRICS
from alignbench.evaluation.statistics import Difference, Interval
from alignbench.record.cell import BenchmarkLine, BenchmarkRecord, CellRecord, benchmarks_of, finished_benchmarks
from alignbench.report.page import write_page
from alignbench.report.results import COLUMNS, schema_markdown
from alignbench.store.manifest import write_json


def stored(store: Path, stage: str, key: str, record: dict, setting: dict) -> None:
    folder = store / stage / key
    folder.mkdir(parents=True)
    write_json(folder / "record.json", record)
    inputs = {"setting": setting}
    write_json(folder / "manifest.json", {"inputs": inputs, "git": "abc", "finished": "2026-01-01T00:00:00Z"})


def setting(**knobs: object) -> dict:
    return {"scoring": {"split": "test", **knobs}}


@pytest.fixture
def guarded(record: CellRecord) -> CellRecord:
    formats = {"forward": 0.9, "reversed": 0.96}
    own = replace(record.rows[1], formats=formats, format_spread=0.03, separable=True, detectable=0.04, batteries=9)
    rows = (record.rows[0], own, *record.rows[2:])
    return replace(record, rows=rows, exposure={"a set": 2, "any of them": 2})


@pytest.fixture
def asked(record: CellRecord) -> BenchmarkRecord:
    change = Difference(-0.1, -0.2, 0.01, 12, p_value=0.06, detectable=0.09)
    lines = (
        BenchmarkLine("base", "base", "accuracy", "", Interval(0.5, 0.4, 0.6, 12), None, 60, "x1"),
        BenchmarkLine(
            "culturerl",
            "method",
            "accuracy",
            "persona en",
            Interval(0.4, float("nan"), float("nan"), 1),
            change,
            60,
            "x2",
        ),
    )
    return BenchmarkRecord(record.cell, "neutral", lines)


@pytest.fixture
def table(guarded: CellRecord, asked: BenchmarkRecord, tmp_path: Path) -> pd.DataFrame:
    stored(tmp_path, "score", "k1", guarded.to_json(), setting())
    stored(tmp_path, "benchmark", "k2", asked.to_json(), {"scoring": {}})
    return alignbench.load_results(tmp_path)


def figure(table: pd.DataFrame, label: str, metric: str, facets: str = "") -> pd.Series:
    (row,) = (
        r for _, r in table[(table.label == label) & (table.metric == metric) & (table.facets == facets)].iterrows()
    )
    return row


def test_columns_and_dtypes_are_those_of_the_schema(table: pd.DataFrame) -> None:
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == {c.name: c.dtype for c in COLUMNS}
    assert set(table.loc[table.benchmark == "survey", "metric"]) <= set(METRICS)
    assert all(f"`{c.name}`" in schema_markdown() and c.meaning in schema_markdown() for c in COLUMNS)
    assert all(f"`{name}`" in schema_markdown() for name in METRICS)


def test_every_figure_of_a_row_is_there_with_its_interval(table: pd.DataFrame) -> None:
    score = figure(table, "culturerl", "score")
    assert (score.value, score.low, score.high, score["items"], score.batteries) == (0.931, 0.91, 0.95, 42, 9)
    assert figure(table, "culturerl", "difference")[["value", "low", "high"]].tolist() == [0.095, 0.066, 0.124]
    assert figure(table, "culturerl <China>", "own_minus_cross").value == 0.021
    assert figure(table, "culturerl", "specificity")[["value", "low", "high", "against"]].tolist() == [
        0.018,
        0.006,
        0.03,
        "base",
    ]
    assert pd.isna(figure(table, "base", "score").against)
    assert (figure(table, "culturerl", "detectable").value, figure(table, "culturerl", "separable").value) == (0.04, 1)
    assert figure(table, "culturerl", "format_score", "reversed").value == 0.96
    assert table[(table.label == "base") & (table.metric == "difference")].empty
    assert not table.value.isna().any()
    assert set(table.loc[table.benchmark == "survey", "published_items"]) == {2}


def test_where_it_comes_from(table: pd.DataFrame) -> None:
    first = figure(table, "culturerl", "score")
    assert (first.page, first.run, first.git, first.responses) == ("culturerl-iraq-smollm2-s3", "k1", "abc", "k")
    assert json.loads(first.knobs) == {"reward": "log_ratio"} and json.loads(first.asking) == {"split": "test"}
    assert first.variant == "" and first.seed == 3


def test_other_benchmarks_are_rows_too(table: pd.DataFrame) -> None:
    own = table[(table.benchmark == "neutral") & (table.label == "culturerl")].set_index("metric")
    assert own.loc["accuracy.difference", ["value", "low", "high"]].tolist() == [-0.1, -0.2, 0.01]
    assert own.loc["accuracy.detectable", "value"] == 0.09
    assert pd.isna(own.loc["accuracy", "low"]) and set(own.facets) == {"persona en"} and set(own.responses) == {"x2"}


def test_the_table_survives_parquet(table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_parquet(tmp_path / "results.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "results.parquet"), table)


def test_answers_that_were_scored_again_count_once(guarded: CellRecord, tmp_path: Path) -> None:
    elsewhere = replace(guarded, rows=(guarded.rows[0], replace(guarded.rows[1], key="other"), *guarded.rows[2:]))
    stored(tmp_path, "score", "old", guarded.to_json(), setting(bootstrap=10))
    stored(tmp_path, "score", "new", guarded.to_json(), setting(formats=["letters"]))
    stored(tmp_path, "score", "other", elsewhere.to_json(), setting())
    assert set(alignbench.load_results(tmp_path)["run"]) == {"new", "other"}


def test_an_empty_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match="no finished cell"):
        alignbench.load_results(tmp_path)


def test_a_page_shows_the_benchmarks_of_its_cell(
    guarded: CellRecord, asked: BenchmarkRecord, tmp_path: Path, assets: Path
) -> None:
    stored(tmp_path, "benchmark", "k2", asked.to_json(), setting())
    stored(tmp_path, "benchmark", "k3", replace(asked, cell=replace(asked.cell, seed=9)).to_json(), setting())
    (found,) = benchmarks_of(guarded.cell, finished_benchmarks(tmp_path))
    assert found.lines[0] == asked.lines[0]
    page = write_page(guarded, tmp_path / "page", assets, [found]).read_text(encoding="utf-8")
    for words in ("Other benchmarks", "−0.100", "[−0.200, 0.010]", "persona en", "0.090", "±0.030", "reversed 0.960"):
        assert words in page, words
    assert "Of the 42 items asked, 2 stand in public fine-tuning sets" in page


def test_benchmarks_of_an_earlier_version_are_counted_and_left_out(
    asked: BenchmarkRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former = asked.to_json()
    former["extra"] = former.pop("benchmark")
    stored(tmp_path, "beside", "k2", former, {"benchmark": {"split": "test"}})
    assert finished_benchmarks(tmp_path) == []
    assert "1 cell is of an earlier version of alignbench: issue its command again" in capsys.readouterr().out


def test_importing_the_package_stays_light() -> None:
    code = "import sys, alignbench; sys.exit(bool({'pandas', 'numpy', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
