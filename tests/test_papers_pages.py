"""The experiments of papers, and their pages: what is published is set; what is not stands in a list with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.config import conf_dir, register
from alignbench.overrides import choices
from experiments.papers.deviations import HERE, NAMES, Paper, axes, config, declared, deviations, methods, said, unlike
from experiments.papers.replication import IMPROVED, MEAN, Ours, Published, of_store, published, table

register()


def test_every_paper_has_an_experiment_and_every_experiment_a_page():
    experiments = {path.stem for path in (conf_dir() / "experiment" / "papers").glob("*.yaml")}
    assert experiments == set(NAMES) and len(NAMES) == 8


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_sets_what_is_published_but_for_what_its_page_gives_a_reason_for(name):
    paper, cfg = Paper.read(name), config(f"experiment=papers/{name}")
    assert set(unlike(name)) <= set(paper.knobs)
    for knob, (there, why) in paper.knobs.items():
        assert why and said(cfg, knob).lower() != there.lower(), knob
    named = axes(cfg)
    assert set(named.get("model", [said(cfg, "model")])) <= set(choices("model", [conf_dir()]))
    assert set(named["culture"]) <= set(choices("culture", [conf_dir()]))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_lists_every_deviation_and_what_runs_it(name):
    paper, page = Paper.read(name), (HERE / name / "README.md").read_text(encoding="utf-8")
    assert deviations(paper) in page, f"write it again: python -m experiments.papers {name}"
    assert all(command in page for command in paper.commands)
    for steps in declared(name).values():
        for step in steps:
            assert step.where or f"* {step.what}: not there" in page


@pytest.mark.parametrize("name", NAMES)
def test_figures_of_a_page_are_of_its_own_cultures_and_models(name):
    rows, cfg = published(name), config(f"experiment=papers/{name}")
    named = axes(cfg)
    assert rows and {row.label for row in rows} <= {"base", *methods(name)}
    assert {row.culture for row in rows} <= {*named["culture"], MEAN, IMPROVED}
    assert {row.model for row in rows} <= set(choices("model", [conf_dir()]))


ROW = Published("score", "score", "", "nano", "iraq", "method", 0.5)
FOUND = {"iraq": Ours(0.6, 0.5, 0.8), "china": Ours(0.4, 0.4, 0.4)}


def find(row):
    found = FOUND.get(row.culture)
    return replace(found, value=found.value + 0.1) if found and row.label == "base" else found


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (ROW, "| 0.5 | 0.600 [0.500, 0.800] | +0.100 [+0.000, +0.300] |"),
        (replace(ROW, culture="usa"), "| 0.5 | not run |  |"),
        (replace(ROW, value=None), "| unreadable | 0.600 [0.500, 0.800] |  |"),
        # Half widths of .1, .2 below and above for one culture, none for the other.
        (replace(ROW, culture=MEAN), "| 0.5 | 0.500 [0.450, 0.600] | +0.000 [-0.050, +0.100] |"),
        # Two of two are lower than the base; Wilson's interval.
        (replace(ROW, culture=IMPROVED, value=0.76), "| 0.76 | 1.000 [0.342, 1.000] | +0.240 [-0.418, +0.240] |"),
    ],
)
def test_the_table_sets_ours_against_theirs(row, shown):
    assert shown in table([row], find, ("iraq", "china"))


def test_a_mean_waits_for_every_culture():
    assert "not run" in table([replace(ROW, culture=MEAN)], find, ("iraq", "usa"))


def test_an_empty_store_has_run_nothing(tmp_path):
    found = of_store(tmp_path)
    assert all(found(replace(ROW, record=record)) is None for record in ("score", "protocols", "benchmark"))
