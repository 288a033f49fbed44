"""Boards over seeds, from the tables by item alone."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.statistics import holm
from alignbench.record.finished import finished
from alignbench.record.lineage import Lineage
from alignbench.report.board.groups import groups
from alignbench.report.board.variant import MethodVariant, names, variants
from tests.report.cells import cell, pooled_board


def test_one_cell_pooled_is_its_own_board(tmp_path: Path) -> None:
    record = cell(tmp_path, "culturerl", "iraq")
    assert pooled_board(finished(tmp_path)) == list(record.rows)


def test_seeds_are_averaged_baselines_stand_once_and_holm_covers_the_whole_board(tmp_path: Path) -> None:
    records = [cell(tmp_path, "culturerl", "iraq", seed, 0.8) for seed in (0, 1)]
    records += [cell(tmp_path, "survey_sft", "iraq", seed, 0.6) for seed in (0, 1)]
    rows = {row.label: row for row in pooled_board(finished(tmp_path))}
    assert len(rows) == 2 + 2 * 2 + 4
    own = rows["culturerl"]
    assert own.seeds == 2 and rows["base"].seeds == rows["cultural_prompt"].seeds == 1
    assert own.score == pytest.approx(sum(r.rows[1].score for r in records[:2]) / 2)
    assert own.key.split() == [r.rows[1].key for r in records[:2]]
    cross = rows["culturerl of X"]
    assert cross.difference == pytest.approx(own.score - cross.score)
    tested = [row for row in rows.values() if row.p_raw is not None]
    methods = [row for row in tested if row.kind == "method"]
    assert [row.p_value for row in methods] == pytest.approx(holm([row.p_raw for row in methods]))
    assert sorted(row.kind for row in tested) == ["control"] * 2 + ["method"] * 3
    assert own.specificity > 0 and own.specificity_items == 15


def test_of_two_cells_with_one_name_and_seed_the_newer_counts(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq", gain=0.2, reward="verdict")
    newer = cell(tmp_path, "culturerl", "iraq", gain=0.9)
    rows = {row.label: row for row in pooled_board(finished(tmp_path))}
    assert rows["culturerl"].seeds == 1 and rows["culturerl"].score == pytest.approx(newer.rows[1].score)


def test_the_rows_of_a_variant_carry_its_name(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq", gain=0.2, reward="verdict")
    (found,) = finished(tmp_path)
    rows = {row.label: row for row in pooled_board([found], "culturerl, reward=verdict")}
    control = rows["culturerl, reward=verdict of X"]
    assert (control.kind, control.method, control.against) == ("control", *["culturerl, reward=verdict"] * 2)
    assert rows["culturerl, reward=verdict"].specificity == pytest.approx(found.record.rows[1].specificity)


def test_cells_of_an_earlier_version_are_counted_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell(tmp_path, "none", "iraq")
    (file,) = tmp_path.glob("score/*/record.json")
    file.write_text(file.read_text().replace('"notes"', '"remarks"'))
    with pytest.raises(AlignbenchError, match="no finished cell of this version"):
        finished(tmp_path)
    capsys.readouterr()
    cell(tmp_path, "culturerl", "iraq")
    (kept, strange) = cell(tmp_path, "culturerl", "iraq", 1), cell(tmp_path, "culturerl", "iraq", 2)
    (file,) = (f for f in tmp_path.glob("score/*/record.json") if json.loads(f.read_text()) == strange.to_json())
    file.write_text(json.dumps({"rows": []}))
    assert [found.record.cell.seed for found in finished(tmp_path)] == [0, 1] and kept
    said = [line for line in capsys.readouterr().out.splitlines() if line]
    assert said == ["2 cells are of an earlier version of alignbench: issue their commands again"]


def test_records_that_call_prompted_rows_by_an_older_name_are_counted_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = cell(tmp_path, "culturerl", "iraq")
    (file,) = tmp_path.glob("score/*/record.json")
    older = {**record.to_json(), "schema": 1}
    older["rows"].append({**older["rows"][0], "label": "base told as culturerl", "kind": "told"})
    file.write_text(json.dumps(older))
    capsys.readouterr()
    with pytest.raises(AlignbenchError, match="no finished cell of this version"):
        finished(tmp_path)
    assert "1 cell is of an earlier version of alignbench: issue its command again" in capsys.readouterr().out


def test_formats_are_averaged_over_seeds_and_decide_what_is_separable(tmp_path: Path) -> None:
    for seed in (0, 1):
        record = cell(tmp_path, "culturerl", "iraq", seed, 0.8)
    rows = {row.label: row for row in pooled_board(finished(tmp_path))}
    own, base = rows["culturerl"], rows["base"]
    assert own.formats == {"forward": 0.8, "reversed": pytest.approx(0.83)}
    assert record.rows[1].format_spread == pytest.approx(0.02)
    assert (own.format_spread, base.format_spread) == (pytest.approx(0.015), pytest.approx(0.1))
    assert own.separable is (own.difference >= base.format_spread) and own.detectable > 0
    assert rows["culturerl of X"].format_spread is None and rows["culturerl of X"].separable is None


def test_answers_that_were_scored_again_count_once_whatever_version_scored_them(tmp_path: Path) -> None:
    cell(tmp_path, "culturerl", "iraq")
    (stage,) = tmp_path.glob("score/*")
    manifest = json.loads((stage / "manifest.json").read_text())
    setting = manifest["inputs"]["setting"]
    setting |= {"changed": {"training.updates": "2"}, "scoring": {**setting["scoring"], "bootstrap": 50}}
    newer = stage.with_name("newer")
    shutil.copytree(stage, newer)
    (newer / "manifest.json").write_text(json.dumps(manifest))
    (newer / "record.json").touch()
    assert [found.stage for found in finished(tmp_path)] == [newer]


def test_variants_are_named_by_what_was_changed_and_by_choices_that_differ(tmp_path: Path) -> None:
    plain = cell(tmp_path, "culturerl", "iraq").cell
    verdict = cell(tmp_path, "culturerl", "iraq", reward="verdict").cell
    lora, cpu = (replace(plain, choices={"training": choice, "judge": "llm"}) for choice in ("lora", "cpu"))
    one, other, cheap, dear = (MethodVariant(cell) for cell in (plain, verdict, lora, cpu))
    assert names([one, other]) == ["culturerl", "culturerl, reward=verdict"]
    assert names([cheap, dear]) == ["culturerl, training=lora", "culturerl, training=cpu"]
    assert names([cheap]) == ["culturerl"]
    assert variants([cheap, dear, other])[-1] == "reward=verdict"


def test_a_recipe_has_one_name_in_all_cultures_wherever_its_variants_were_run(tmp_path: Path) -> None:
    for culture, author in (("iraq", "template"), ("iraq", "llm"), ("china", "template")):
        cell(tmp_path, "cnca_sft", culture, seed=len(author))
    told = [
        replace(found, record=replace(found.record, cell=replace(found.record.cell, choices={"author": author})))
        for found, author in zip(finished(tmp_path), ("template", "llm", "template"), strict=True)
    ]
    assert {name for group in groups(told, Lineage(tmp_path)) for name in group.named if "template" in name} == {
        "cnca_sft, author=template"
    }
    assert all("cnca_sft" not in group.named for group in groups(told, Lineage(tmp_path)))
