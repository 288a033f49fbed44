"""The saved view as the server would get it."""

import json

import pytest

from alignbench.tracking.content import summary
from alignbench.tracking.view import workspace
from alignbench.tracking.wandb import Wandb
from tests.tracking.stored import record

pytest.importorskip("wandb_workspaces")


def test_the_view_opens_with_the_board_and_shows_what_is_logged():
    view = json.loads(workspace(Wandb(entity="team", project="mine"))._to_model().model_dump_json(by_alias=True))
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
