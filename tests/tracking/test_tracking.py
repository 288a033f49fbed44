"""Choices of tracking, and what is refused before anything runs."""

import importlib.util

import pytest

from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.tracking import wandb as choice
from alignbench.tracking.wandb import Wandb, WandbMode

TRACKING = ("culture=iraq", "tracking=wandb")


@pytest.fixture
def no_key(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path / "netrc"


def test_auto_goes_online_only_with_a_key(no_key, monkeypatch):
    assert not Wandb().online and Wandb(mode=WandbMode.online).online
    no_key.write_text("machine api.wandb.ai login user password secret\n")
    assert Wandb().online and not Wandb(mode=WandbMode.offline).online
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert not Wandb().online
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    assert not Wandb().online
    monkeypatch.setenv("WANDB_API_KEY", "k")
    assert Wandb().online


def test_online_without_a_key_is_refused(no_key, tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: object())
    with pytest.raises(AlignbenchError, match="wandb login"):
        Wandb(mode=WandbMode.online).open(tmp_path)


def test_a_missing_package_is_told_before_anything_runs(compose_config, monkeypatch, tmp_path):
    real = importlib.util.find_spec
    monkeypatch.setattr(choice, "find_spec", lambda name: None if name == "wandb" else real(name))
    cfg = compose_config("task=run", *TRACKING)
    with pytest.raises(AlignbenchError, match=r"pip install \"alignbench\[wandb\]\""):
        instantiate(cfg.task).main(cfg)
    assert not (tmp_path / "store").exists()


def test_files_go_below_the_reports_folder(compose_config, tmp_path):
    assert instantiate(compose_config(*TRACKING).tracking).folder == f"{tmp_path}/reports"


def test_tracking_is_no_part_of_a_key_and_is_recorded(make_cell):
    cell = make_cell(*TRACKING, "tracking.project=other")
    assert "tracking" not in cell.choices and cell.choices["task"] == "run"
    assert cell.config["knobs"]["tracking"]["project"] == "other"


def test_pushing_a_store_needs_somewhere_to_push_to(compose_config):
    for task, message in (("track", "tracking=wandb"), ("workspace", "tracking=wandb")):
        cfg = compose_config(f"task={task}", "culture=iraq")
        with pytest.raises(AlignbenchError, match=message):
            instantiate(cfg.task).main(cfg)
