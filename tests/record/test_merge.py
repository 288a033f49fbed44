"""Records of one cell add up; two cells never become one; what cannot be read costs one line."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.files import replacing, write_text
from alignbench.record.cell import ONE_FORM
from alignbench.record.finished import finished, pages, whole
from alignbench.report.board import read, write
from alignbench.report.board.lines import BoardLine
from alignbench.report.results import results
from tests.report.cells import cell


def lines(store: Path) -> list[BoardLine]:
    return read(finished(store), store, store).lines


def line(store: Path, label: str, culture: str = "iraq") -> BoardLine:
    (found,) = (found for found in lines(store) if found.row.label == label and found.group.culture == culture)
    return found


def newest(store: Path) -> None:
    """Make the last written record the newest, whatever the clock of the disk says."""
    for age, file in enumerate(sorted(store.glob("score/*/record.json"), key=lambda f: f.stat().st_mtime_ns)):
        os.utime(file, (1000 + age, 1000 + age))


def test_a_cell_run_again_with_less_keeps_what_was_measured_before(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq", gain=0.9)
    newest(tmp_path)
    cell(tmp_path, "culturerl", "iraq", gain=0.9, control=False, elsewhere=False)
    (found,) = finished(tmp_path)
    own = line(tmp_path, "culturerl")
    assert own.damage == pytest.approx(-0.1) and own.cross is not None and own.older == 0
    assert [row.label for row in found.record.rows if row.kind == "control"] == ["culturerl of X"]
    assert {"own_minus_cross", "elsewhere"} <= set(results(tmp_path)["metric"])
    assert pages([found]) == {found.stage: "culturerl-iraq-nano-s0"}


def test_a_cell_run_again_without_control_and_formats_keeps_the_figures_that_rest_on_them(tmp_path: Path) -> None:
    fuller = cell(tmp_path, "culturerl", "iraq", gain=0.9)
    newest(tmp_path)
    bare = cell(tmp_path, "culturerl", "iraq", gain=0.9, control=False, elsewhere=False)
    stage = max(tmp_path.glob("score/*"), key=lambda folder: (folder / "record.json").stat().st_mtime_ns)
    rows = tuple(replace(row, formats={}, format_spread=None, separable=None) for row in bare.rows)
    (stage / "record.json").write_text(json.dumps(replace(bare, rows=rows, reading=(ONE_FORM,)).to_json()))
    assert bare.aligned and fuller.aligned and fuller.aligned.specificity and bare.aligned.specificity is None
    (found,) = finished(tmp_path)
    own = found.record.aligned
    assert found.stage == stage and own and ONE_FORM not in found.record.reading
    assert (own.specificity, own.formats) == (fuller.aligned.specificity, fuller.aligned.formats)
    assert line(tmp_path, "culturerl").row.specificity == pytest.approx(fuller.aligned.specificity)


def test_the_page_of_one_score_has_what_the_others_of_its_answers_measured(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq", gain=0.9)
    (first,) = tmp_path.glob("score/*")
    other = cell(tmp_path, "culturerl", "iraq", gain=0.6, run="other answers", elsewhere=False)
    bare = cell(tmp_path, "culturerl", "iraq", gain=0.9, control=False, elsewhere=False)
    stages = {json.dumps(json.loads((s / "record.json").read_text())): s for s in tmp_path.glob("score/*")}
    of_bare, of_other = (whole(stages[json.dumps(record.to_json())]) for record in (bare, other))
    assert of_bare.elsewhere == whole(first).elsewhere != () == of_other.elsewhere
    assert of_bare.rows[: len(bare.rows)] != of_other.rows[: len(bare.rows)]


def test_one_cell_without_a_control_leaves_the_others_theirs(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq", gain=0.9)
    cell(tmp_path, "survey_sft", "iraq", gain=0.7, control=False)
    assert line(tmp_path, "culturerl").cross is not None and line(tmp_path, "survey_sft").cross is None


def test_of_a_recipe_that_gave_other_answers_the_newest_counts_and_the_page_says_so(tmp_path: Path) -> None:
    for age, run in enumerate(("before", "again", "now")):
        made = cell(tmp_path, "culturerl", "iraq", gain=0.5 + age / 10, run=run)
        newest(tmp_path)
    own = line(tmp_path, "culturerl")
    assert own.older == 2 and own.row.seeds == 1 and own.row.score == pytest.approx(made.rows[1].score)
    page = write(finished(tmp_path), tmp_path, tmp_path / "reports").read_text(encoding="utf-8")
    assert "2 older runs with other answers left out" in page
    assert len(set(pages(finished(tmp_path)).values())) == 3


def test_answers_of_another_base_are_another_board(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq", gain=0.9)
    newest(tmp_path)
    cell(tmp_path, "culturerl", "iraq", gain=0.9, control=False, elsewhere=False, base="base of another version")
    found = {own.group.model: own for own in lines(tmp_path) if own.row.label == "culturerl"}
    assert len(found) == 2 and all("base=" in model for model in found)
    assert sorted(own.cross is None for own in found.values()) == [False, True]


def test_two_cultures_of_one_country_are_both_there(tmp_path: Path) -> None:
    for culture in ("iraq", "iraq_2024"):
        cell(tmp_path / "store", "culturerl", culture, gain=0.9 if culture == "iraq" else 0.6)
    write(finished(tmp_path / "store"), tmp_path / "store", tmp_path)
    for name in ("board.md", "board.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "Iraq (iraq)" in text and "Iraq (iraq_2024)" in text
    assert r"Iraq (iraq\_2024)" in (tmp_path / "board.tex").read_text(encoding="utf-8")
    with (tmp_path / "board.csv").open(encoding="utf-8") as file:
        assert {row["culture"] for row in csv.DictReader(file)} == {"iraq", "iraq_2024"}
    with (tmp_path / "variety.csv").open(encoding="utf-8") as file:
        assert {row["cultures"] for row in csv.DictReader(file)} == {"Iraq (iraq) Iraq (iraq_2024)"}


def test_damage_of_two_cultures_of_one_country_adds_up(tmp_path: Path) -> None:
    lost = {}
    for age, culture in enumerate(("iraq", "iraq_2024")):
        record = cell(tmp_path, "culturerl", "china", elsewhere=age == 0)
        other = replace(record, elsewhere=())
        (stage,) = (
            s for s in tmp_path.glob("score/*") if json.loads((s / "record.json").read_text()) == record.to_json()
        )
        lost[culture] = {"country": "Iraq", "before": 0.9, "after": 0.8, "difference": -0.1 * (age + 1), "low": None}
        data = other.to_json() | {"elsewhere": [{**lost[culture], "high": None, "culture": culture}]}
        (stage / "record.json").write_text(json.dumps(data))
        newest(tmp_path)
    (found,) = finished(tmp_path)
    assert [d.culture for d in found.record.elsewhere] == ["iraq_2024", "iraq"]
    assert line(tmp_path, "culturerl", "china").damage == pytest.approx(-0.15)


JUDGES = ({"judge": "EmbeddingJudge"}, {"judge": "LikelihoodJudge"})


@pytest.mark.parametrize("seeds", [(0, 0), (0, 1)])
def test_cells_that_differ_in_a_component_that_no_fact_names_are_two_rows(
    tmp_path: Path, seeds: tuple[int, int]
) -> None:
    for seed, components in zip(seeds, JUDGES, strict=True):
        cell(tmp_path, "clca", "iraq", seed, run=components["judge"], components=components)
    own = {found.row.label: found for found in lines(tmp_path) if found.row.label.startswith("clca")}
    assert set(own) == {"clca, variant 1 (judge=EmbeddingJudge)", "clca, variant 2 (judge=LikelihoodJudge)"}
    assert all(found.row.seeds == 1 and found.older == 0 for found in own.values())
    assert len({found.pages[0].href for found in own.values()}) == 2
    assert set(results(tmp_path)["variant"]) == {name.removeprefix("clca, ") for name in own}


def test_cells_that_differ_in_a_knob_of_a_used_component_are_two_rows(tmp_path: Path) -> None:
    for margin in (0.02, 0.2):
        knobs = {"judge": {"margin": margin}, "embedder": {"device": f"cuda:{margin}"}}
        cell(tmp_path, "clca", "iraq", run=str(margin), components=JUDGES[0], config=knobs)
    names = [found.row.label for found in lines(tmp_path) if found.row.label.startswith("clca")]
    assert sorted(names) == [f"clca, variant {k} (judge.margin={m})" for k, m in ((1, 0.02), (2, 0.2))]


def test_seeds_of_one_recipe_are_pooled_though_components_that_it_did_not_use_differ(tmp_path: Path) -> None:
    for seed in (0, 1):
        knobs = {"judge": {"margin": 0.1}, "author": {"cluster_seed": seed}}
        cell(tmp_path, "clca", "iraq", seed, components=JUDGES[0], config=knobs)
    assert line(tmp_path, "clca").row.seeds == 2


def test_seeds_of_one_lineage_are_pooled_though_a_knob_that_changes_no_result_differs(tmp_path: Path) -> None:
    for seed, device in ((0, "cpu"), (1, "cuda")):
        cell(tmp_path, "clca", "iraq", seed, components=JUDGES[0], config={"judge": {"device": device}})
    assert line(tmp_path, "clca").row.seeds == 2


def test_baselines_of_one_name_that_were_asked_in_other_ways_are_not_pooled_as_seeds(tmp_path: Path) -> None:
    for seed, wordings in ((0, 10), (1, 5)):
        knobs = {"baselines": {"cultural_prompt": {"wordings": wordings}}}
        cell(tmp_path, "clca", "iraq", seed, prompt=f"prompt {wordings}", config=knobs)
    names = {found.row.label: found.row.seeds for found in lines(tmp_path) if found.row.label.startswith("cultural")}
    assert names == {f"cultural_prompt, variant {k} (method.wordings={n})": 1 for k, n in ((1, 10), (2, 5))}


DAMAGE = {
    "an empty manifest": ("manifest.json", ""),
    "a cut manifest": ("manifest.json", '{"stage_version": 3, "par'),
    "no manifest": ("manifest.json", None),
    "an empty record": ("record.json", ""),
    "a cut record": ("record.json", '{"cell": {'),
    "a record that is a list": ("record.json", "[]"),
    "no record": ("record.json", None),
    "an empty table of items": ("items.parquet", ""),
    "a cut table of items": ("items.parquet", "PAR1 and then nothing"),
    "no items": ("items.parquet", None),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cell_is_left_out_with_one_line_that_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    name, text = DAMAGE[damage]
    store = tmp_path / "store"
    cell(store, "culturerl", "iraq")
    (stage,) = store.glob("score/*")
    cell(store, "culturerl", "china")
    (stage / name).unlink() if text is None else (stage / name).write_text(text)
    write(finished(store), store, tmp_path)
    results(store)
    said = [text for text in capsys.readouterr().out.splitlines() if text]
    assert len(said) == 1 and str(stage / name) in said[0]
    with (tmp_path / "board.csv").open(encoding="utf-8") as file:
        assert {row["culture"] for row in csv.DictReader(file)} == {"china"}


def test_a_damaged_stage_below_leaves_the_row_without_a_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell(tmp_path, "culturerl", "iraq")
    own = line(tmp_path, "culturerl")
    manifest = tmp_path / own.manifests[0].href
    manifest.write_text("")
    again = line(tmp_path, "culturerl")
    assert own.cost is not None and again.cost is None and again.row == own.row
    assert [text for text in capsys.readouterr().out.splitlines() if text] == [f"left out: {manifest} (it is empty)"]


def test_a_full_disk_leaves_the_old_page(tmp_path: Path) -> None:
    page = tmp_path / "board.html"
    write_text(page, "old")
    with pytest.raises(OSError, match="No space"), replacing(page) as partial:
        partial.write_text("half of the n")
        raise OSError("No space left on device")
    assert page.read_text() == "old" and list(tmp_path.iterdir()) == [page]
