"""Real models, blank models and the planted world never share a figure."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from alignbench.evaluation.metrics import js_similarity
from alignbench.record.finished import finished
from alignbench.record.lineage import Lineage
from alignbench.report.board import read, write
from alignbench.report.board.groups import groups
from alignbench.report.board.pairs import crossed
from alignbench.report.board.panels import sections
from alignbench.tracking.content import heat_maps, table
from tests.report.browser import CHROMIUM, drive
from tests.report.cells import cell

PLANTED = {
    "survey": {"_target_": "alignbench.data.source.world.PlantedWorld"},
    "model": {"path": "builtin:nano"},
}
ON_PEOPLE = {"survey": "Values Survey (2022)", "warning": ""}
REAL = {"model": "llama", **ON_PEOPLE}
BLANK = {"model": "noise", **ON_PEOPLE}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("worlds") / "store"
    for culture in ("iraq", "china"):
        cell(store, "grown", culture, gain=0.9, config=PLANTED)
        cell(store, "drawn", culture, gain=0.8, config={"model": {"path": "builtin:blank"}}, world=BLANK)
        cell(store, "learnt", culture, gain=0.7, config={"model": {"path": "/models/llama"}}, world=REAL)
    return store


@pytest.mark.long
def test_each_world_is_a_section_with_its_own_headline_warning_and_rows(store: Path) -> None:
    page = write(finished(store), store, store.parent / "reports").read_text(encoding="utf-8")
    _, *worlds = re.split(r'<article class="world"', page)
    real, planted, blank = worlds
    assert "Planted world: generated, says nothing about people" in planted
    assert "Blank models: random weights, says nothing about any model" in blank
    assert '<h2 class="title">Values Survey (2022)</h2>' in real
    assert "A made-up world." in planted and not any("A made-up world." in other for other in (real, blank))
    for own, part in {"learnt": real, "grown": planted, "drawn": blank}.items():
        assert 'class="verdict"' in part and "of 4 comparisons" in part and 'aria-label="Costs"' in part
        assert {word for word in ("learnt", "grown", "drawn") if word in part.partition("</article>")[0]} == {own}


def test_files_hold_the_world_and_a_table_for_each(store: Path) -> None:
    reports = store.parent / "reports"
    write(finished(store), store, reports)
    for name in ("board", "costs", "variety"):
        with (reports / f"{name}.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        worlds = {row["label"]: row["world"] for row in rows if row["label"] in ("learnt", "grown", "drawn")}
        assert worlds == {
            "learnt": "Values Survey (2022)",
            "grown": "a survey, models of the planted world",
            "drawn": "Values Survey (2022), blank models",
        }
    text = (reports / "board.md").read_text(encoding="utf-8")
    assert re.findall("^# (.*?)(?: \\(2022\\)|:)", text, re.M) == ["Values Survey", "Planted world", "Blank models"]
    assert (reports / "board.tex").read_text(encoding="utf-8").count("\\toprule") == 3


def test_one_world_needs_no_list_of_worlds(tmp_path: Path) -> None:
    cell(tmp_path / "store", "grown", "iraq", config=PLANTED)
    page = write(finished(tmp_path / "store"), tmp_path / "store", tmp_path).read_text(encoding="utf-8")
    assert '<header class="worlds">' not in page and '<h2 class="title">' not in page
    assert not (tmp_path / "board.md").read_text(encoding="utf-8").startswith("# ")


def test_pictures_and_tables_of_a_tracker_keep_worlds_apart(store: Path, tmp_path: Path) -> None:
    boards = groups(finished(store), Lineage(store))
    assert len(heat_maps(boards, tmp_path)) == 3
    assert set(table(boards)["world"]) == {board.place.world.name for board in boards} and len(table(boards)) > 3


STEPS = """
const [real, planted] = wide.document.querySelectorAll(".world");
const seen = (world, what) => [...world.querySelectorAll(what)].filter((part) => part.offsetParent);
const rows = (world) => seen(world, "table.all tbody tr.method").length;
const field = planted.querySelector("[name=text]");
field.value = "iraq";
field.dispatchEvent(new wide.Event("input", {bubbles: true}));
found.rows = [rows(real), rows(planted)];
planted.querySelector("[value=skill]").click();
found.heat = [real, planted].map((world) => seen(world, ".heat").map((part) => part.dataset.heat));
found.phone = phone.document.documentElement.scrollWidth;
"""


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the board's page goes untested in a browser")
def test_each_world_has_filters_and_switches_of_its_own(store: Path, tmp_path: Path) -> None:
    found = drive(write(finished(store), store, store.parent / "reports"), STEPS, tmp_path)
    assert found["wrong"] == [] and "thrown" not in found, found
    assert found["rows"] == [6, 3]
    assert found["heat"] == [["difference"], ["skill"]]
    assert found["phone"] <= 360


def test_models_of_all_cultures_are_scored_on_all_surveys(store: Path) -> None:
    real = sections(read(finished(store), store, store.parent))[0]
    (panel,) = real.panels
    entries = {group.culture: next(e for e in group.scored if e.label == "learnt") for group in panel.groups}
    answers = {culture: entry.answers() for culture, entry in entries.items()}
    found = crossed(answers, {c: entry.column("survey") for c, entry in entries.items()}, js_similarity)
    assert set(found) == {"iraq", "china"} == set(found["iraq"])
    for group in panel.groups:
        own = entries[group.culture]
        (cross,) = (entry for entry in group.scored if entry.kind == "control" and entry.method == "learnt")
        other = next(name for name in found if name != group.culture)
        diagonal = found[group.culture][group.culture]
        assert [diagonal[item][0] for item in own.items] == pytest.approx(own.js(own.items)[0].tolist())
        # The control is the other culture's own recipe with the same gain and seed.
        there = found[other][group.culture]
        assert [there[item][0] for item in own.items] == pytest.approx(cross.js(own.items)[0].tolist())
