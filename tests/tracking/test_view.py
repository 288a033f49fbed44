"""The saved view as the server would get it."""

import json

import pytest

from alignbench.evaluation.catalogue import Placement, of_rows
from alignbench.tracking.content import summary, tables
from alignbench.tracking.view import CURVES, workspace
from alignbench.tracking.wandb import Wandb
from tests.tracking.stored import record

pytest.importorskip("wandb_workspaces")


def spec(**knobs) -> dict:
    return json.loads(
        workspace(Wandb(entity="team", project="mine", **knobs))._to_model().model_dump_json(by_alias=True)
    )


def test_a_sweep_has_a_view_of_its_own():
    whole, own = spec(), spec(group="main_table")
    assert own["displayName"] == "alignbench, main_table"
    filters = [view["spec"]["section"]["runSets"][0]["filters"] for view in (whole, own)]
    assert "main_table" not in json.dumps(filters[0]) and "main_table" in json.dumps(filters[1])


def test_the_view_opens_with_the_board_and_shows_what_is_logged():
    view = spec()
    assert (view["entity"], view["project"], view["displayName"]) == ("team", "mine", "alignbench")
    section = view["spec"]["section"]
    first, *others = section["panelBankConfig"]["sections"]
    assert first["name"] == "Board" and first["isOpen"]
    assert "pooled_board" in json.dumps(first) and '"mediaKeys": ["heat_map"]' in json.dumps(first)
    assert [s["name"] for s in others] == ["Methods", "Training", "Cells"]
    logged = summary(record("culturerl", 0, trained=True))
    bars = [p["config"]["metrics"][0] for p in others[0]["panels"] if p["viewType"] == "Bar Chart"]
    assert {"summary_metrics.score", "summary_metrics.difference", "summary_metrics.specificity"} <= set(bars)
    assert {"score", "difference", "specificity"} <= set(logged)
    grouping = section["runSets"][0]["grouping"]
    assert [g["name"] for g in grouping] == ["group", "method.value"]


def shown(view: dict) -> tuple[set[str], set[str]]:
    """Every figure, and every table or picture, that a panel asks for."""
    figures, media = set(), set()

    def look(node):
        if isinstance(node, dict):
            figures.update(name for name in node.get("metrics") or ())
            media.update(node.get("mediaKeys") or ())
            if node.get("nodeType") == "const" and node.get("type") == "string":
                media.add(node["val"])
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            look(inner)

    look(view["spec"]["section"]["panelBankConfig"])
    return {name.removeprefix("summary_metrics.") for name in figures}, media


def test_the_view_asks_for_figures_and_tables_that_runs_have_and_no_figure_hides_a_table():
    """What is logged last under a name is all that a panel finds there."""
    found = record("culturerl", 0, trained=True)
    figures, media = shown(spec())
    of_board, of_cell = {"pooled_board", "heat_map", "cultural_map"}, set(tables(found))
    assert {"pooled_board", "heat_map", "board", "answers"} <= media <= of_board | of_cell
    assert set(of_rows(Placement.main)) <= figures <= {*of_rows(), *CURVES}
    assert not {*summary(found), *of_rows()} & (of_board | of_cell | {"norm_pool"})
