"""Cells of a store to the files of trackio, and what can be read there: what W&B gets, too."""

import json
import os

import pytest

from alignbench.errors import AlignbenchError
from alignbench.tracking import push, trackio_runs
from alignbench.tracking import trackio as choice
from alignbench.tracking.content import BoardContent, Content, table_of
from alignbench.tracking.trackio import Trackio
from tests.tracking.stored import BASE_FOLDER, KEY, PIXEL, fill


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """The package reads the place of its files once a process, so that every test has a project of its own."""
    os.environ.setdefault("TRACKIO_DIR", str(tmp_path_factory.mktemp("trackio")))
    pytest.importorskip("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    return SQLiteStorage


@pytest.fixture
def cells(tmp_path, storage, monkeypatch):
    monkeypatch.setattr(push, "_given_up", set())
    return fill(tmp_path / "store")


def tracker(tmp_path, project, **knobs):
    return Trackio(folder=str(tmp_path / "reports"), project=project, **knobs).open(tmp_path / "reports")


def values(logged):
    """What was logged, without what trackio adds."""
    return [{k: v for k, v in row.items() if k != "timestamp"} for row in logged]


def test_a_cell_is_read_back_whole_and_written_once(cells, tmp_path, storage):
    to, content = tracker(tmp_path, "whole"), Content.of(cells[0])
    for _ in range(2):
        to.cell(cells[0])
    name = f"culturerl-iraq-tiny-s0-{KEY.format(0)[:8]}"
    assert storage.get_runs("whole") == [name]
    from trackio.utils import ARTIFACTS_DIR

    config = storage.get_run_config("whole", name)
    assert config["_Group"] == "main_table" and config["key"] == KEY.format(0) and config["notes"] == "A note."
    assert {k: config[k] for k in content.config} == json.loads(json.dumps(content.config))
    first, second, last = values(storage.get_logs("whole", name))
    assert first == {"step": 1, "train/update": 1, "train/loss": 2.0} and second["train/validation"] == 0.8
    assert {k: last[k] for k in content.summary} == pytest.approx(dict(content.summary)) and last["step"] == 3
    for what, table in content.tables.items():
        assert last[what]["_value"] == json.loads(json.dumps(table.to_dict("records")).replace("NaN", '"NaN"'))
    assert {k for k, v in last.items() if isinstance(v, dict)} == {*content.tables, *content.pictures}
    blobs = [file.read_text() for file in ARTIFACTS_DIR.glob("whole/blobs/**/*") if file.is_file()]
    assert len(blobs) == 2 and any("Qwen/Qwen2.5-0.5B-Instruct" in blob for blob in blobs)
    assert BASE_FOLDER not in json.dumps([config, *blobs])


def test_the_board_gets_its_table_and_each_picture_by_name(cells, tmp_path, storage):
    (tmp_path / "map.png").write_bytes(PIXEL)
    content = BoardContent(
        "board-g", "g", table_of([{"label": "base", "score": 0.8}]), {"heat_map": {"a b": tmp_path / "map.png"}}
    )
    tracker(tmp_path, "boards").to.board(content)
    (logged,) = values(storage.get_logs("boards", "board of g"))
    assert logged["pooled_board"]["_value"] == [{"label": "base", "score": 0.8}]
    assert logged["heat_map/a b"]["caption"] == "a b"


def test_a_run_that_was_left_half_done_is_replaced(cells, tmp_path, storage, monkeypatch):
    monkeypatch.setattr(trackio_runs, "weights", broken)
    tracker(tmp_path, "half").cell(cells[0])
    monkeypatch.undo()
    monkeypatch.setattr(push, "_given_up", set())
    tracker(tmp_path, "half").cell(cells[0])
    (name,) = storage.get_runs("half")
    assert [row["step"] for row in storage.get_logs("half", name)] == [1, 2, 3]


def broken(content, knobs):
    raise OSError("disk full")


def test_what_trackio_cannot_keep_is_said_and_the_cell_is_not_taken_for_shown(
    cells, tmp_path, storage, monkeypatch, capsys
):
    monkeypatch.setattr(trackio_runs, "_table", lambda trackio, table: object())
    to = tracker(tmp_path, "lost")
    to.cell(cells[0])
    said = capsys.readouterr().out
    assert "nothing goes to trackio" in said and "skipped metric" in said and to.log.groups() == {}


def test_a_missing_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    with pytest.raises(AlignbenchError, match=r"pip install \"alignbench\[trackio\]\""):
        Trackio().open(tmp_path)
