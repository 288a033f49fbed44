"""Cells of a store to offline files of W&B, and what can be read there."""

import os
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from alignbench.record.finished import finished
from alignbench.report.board.groups import PanelPlace
from alignbench.task import run
from alignbench.task.run import Run
from alignbench.tracking import push, wandb_runs
from alignbench.tracking.project import Upload
from alignbench.tracking.wandb import Wandb, WandbMode
from tests.tracking.offline import runs
from tests.tracking.stored import BASE_FOLDER, KEY, PIXEL, fill
from tests.tracking.test_view import shown, spec

wandb = pytest.importorskip("wandb")


@pytest.fixture
def cells(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{name}_DIR", str(tmp_path / "reports/wandb" / name))
    monkeypatch.setenv("NETRC", str(tmp_path / "no.netrc"))
    monkeypatch.setattr(push, "_given_up", set())
    monkeypatch.setattr(push, "_told", set())
    return fill(tmp_path / "store")


def knobs(tmp_path, **more) -> Wandb:
    return Wandb(folder=str(tmp_path / "reports"), **more)


class Recorder:
    """Stands for a run: remembers what was logged."""

    def __init__(self, starting_step: int = 0) -> None:
        self.starting_step, self.summary = starting_step, {}
        self.logged, self.artifacts = [], []

    def define_metric(self, *names, **facts) -> None:
        pass

    def log(self, values, step=None) -> None:
        self.logged.append((step, values))

    def log_artifact(self, artifact) -> None:
        self.artifacts.append(artifact)


@pytest.fixture
def recorded(monkeypatch):
    def start(starting_step: int = 0) -> Recorder:
        recorder = Recorder(starting_step)

        @contextmanager
        def session(knobs, key, **facts):
            yield recorder

        monkeypatch.setattr(wandb_runs, "session", session)
        return recorder

    return start


@pytest.mark.long
def test_a_sweep_can_be_read_back_from_offline_files_and_is_written_once(cells, tmp_path, monkeypatch):
    boards = lambda cells, _: [  # noqa: E731
        SimpleNamespace(place=PanelPlace(cell.world, "test", "tiny"), culture="iraq", rows=cell.record.board)
        for cell in cells
    ]
    monkeypatch.setattr(push, "with_items", list)
    monkeypatch.setattr(push, "groups", boards)
    pictures = tmp_path / "reports/protocols/tiny"
    pictures.mkdir(parents=True)
    (pictures / "cultural_map.png").write_bytes(PIXEL)
    tracker = knobs(tmp_path, mode=WandbMode.offline).open(tmp_path / "reports")
    for stage in cells:
        tracker.cell(stage)
    tracker.boards(tmp_path / "store")
    found = until_written(tmp_path / "reports", 5)
    assert set(found) == {*(KEY.format(n) for n in range(3)), "board-main_table", "board-alignbench"}

    own = found[KEY.format(0)]
    assert (own.run.run_group, own.run.job_type) == ("main_table", "culturerl")
    assert (list(own.run.tags), own.run.display_name) == (["culturerl", "iraq", "tiny"], "culturerl-iraq-tiny-s0")
    assert (own.run.resume, own.run.host, own.run.notes) == (True, "alignbench", "A note.")
    assert own.config["knobs"]["training"] == {"updates": 2} and own.config["choices"] == {"backend": "hf"}
    assert own.config["stages"] == {"fit of culturerl": "f" * 16}
    assert [(row["_step"], row["train/loss"]) for row in own.history[:2]] == [(1, 2.0), (2, 1.5)]
    assert "train/validation" not in own.history[0] and len(own.history) == 3
    figures = ("score", "score_low", "difference", "own_minus_cross_high", "base_score", "sanity/uniform answers")
    assert [own.summary[name] for name in figures] == pytest.approx([0.9, 0.88, 0.1, 0.04, 0.8, 0.85])
    assert [row["label"] for row in own.table("board")] == [
        "base",
        "culturerl",
        "culturerl of China",
        "uniform answers",
    ]
    assert len(own.table("items")) == 3 and own.table("samples")[0]["after"] == "after"
    assert [(a["option"], a["survey"], a["base"]) for a in own.table("answers")[:2]] == [
        ("yes", 0.7, 0.5),
        ("no", 0.3, 0.5),
    ]
    (adapter,) = [a for a in own.artifacts if a.type == "adapter"]
    files = {entry.path: Path(entry.local_path).read_text() for entry in adapter.manifest.contents}
    assert set(files) == {"adapter_config.json", "adapter_model.safetensors"}
    assert "Qwen/Qwen2.5-0.5B-Instruct" in files["adapter_config.json"] and BASE_FOLDER not in str(files)

    board = found["board-alignbench"]
    assert (board.run.run_group, board.run.job_type) == ("alignbench", "board")
    assert [r["label"] for r in board.table("pooled_board")].count("persona") == 2
    pictures = sorted(picture.name for picture in board.file.parent.rglob("*.png"))
    assert [name.partition("_map")[0] for name in pictures] == ["cultural", "heat"]

    _, media = shown(spec())
    logged = {name.partition("/")[0] for run in (own, board) for row in run.history for name in row}
    assert media <= logged  # what the saved view shows is in the files

    again = knobs(tmp_path, mode=WandbMode.offline).open(tmp_path / "reports")
    for stage in cells:
        again.cell(stage)
    again.boards(tmp_path / "store")
    assert set(runs(tmp_path / "reports")) == set(found)  # fails, too, if an id has two folders
    assert not Path("wandb").exists()


def until_written(folder, count):
    """The core process writes on for a moment after ``finish``."""
    for _ in range(100):
        found = runs(folder)
        if len(found) == count and all(run.finished for run in found.values()):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} of {count} runs are finished")


def test_a_server_that_is_down_costs_one_warning_for_a_whole_sweep(cells, tmp_path, monkeypatch, capsys):
    calls = []

    def down(**facts):
        calls.append(facts)
        raise wandb.errors.CommError("connection refused")

    monkeypatch.setattr(wandb, "init", down)
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    tracker = knobs(tmp_path, timeout=7, entity="team").open(tmp_path / "reports")
    for stage in cells:
        tracker.cell(stage)
    tracker.boards(tmp_path / "store")
    said = capsys.readouterr().out
    assert said.count("warning") == 1 and "connection refused" in said and "task=track" in said
    (call,) = calls
    assert (call["mode"], call["resume"], call["id"], call["entity"]) == ("online", "allow", KEY.format(0), "team")
    assert call["settings"].init_timeout == call["settings"].finish_timeout == 7
    assert tracker.log.groups() == {}


def test_a_cell_that_failed_to_arrive_is_pushed_by_the_next_process(cells, tmp_path, monkeypatch, recorded):
    monkeypatch.setattr(push, "_given_up", {knobs(tmp_path).open(tmp_path).log.folder.absolute()})
    run = recorded()
    knobs(tmp_path).open(tmp_path).cell(cells[0])
    assert not run.logged
    monkeypatch.setattr(push, "_given_up", set())
    knobs(tmp_path).open(tmp_path).cell(cells[0])
    assert [step for step, _ in run.logged] == [1, 2, 3]


@pytest.mark.parametrize(("starting_step", "written"), [(2, [2, 3]), (3, [3]), (4, [])])
def test_a_run_that_the_server_has_half_of_goes_on_behind_its_last_step(
    cells, tmp_path, recorded, starting_step, written
):
    run = recorded(starting_step)
    knobs(tmp_path).open(tmp_path).cell(cells[0])
    assert [step for step, _ in run.logged] == written
    assert run.summary["score"] == 0.9


def test_weights_stay_at_home_if_told_so_or_too_large(cells, tmp_path, recorded, capsys):
    run = recorded()
    knobs(tmp_path, upload=Upload.none, project="a").open(tmp_path).cell(cells[0])
    with (tmp_path / "store/fit" / ("f" * 16) / "adapter_model.safetensors").open("wb") as file:
        file.truncate(2 << 20)
    knobs(tmp_path, limit_mib=1, project="b").open(tmp_path).cell(cells[0])
    assert not run.artifacts and "2 MiB stay at home" in capsys.readouterr().out
    knobs(tmp_path, limit_mib=3, project="c").open(tmp_path).cell(cells[0])
    assert [artifact.type for artifact in run.artifacts] == ["adapter"]


def test_the_group_is_what_is_told_then_the_experiment_then_the_project(cells, tmp_path, recorded):
    recorded()
    for project, told, experiment in (("a", "mine", "now"), ("b", "", "now"), ("c", "", None)):
        knobs(tmp_path, project=project, group=told).open(tmp_path).cell(cells[0], experiment)
    assert [list(knobs(tmp_path, project=p).open(tmp_path).log.groups()) for p in "abc"] == [
        ["mine"],
        ["now"],
        ["main_table"],
    ]
    assert len(finished(tmp_path / "store")) == 3


def test_no_cell_vanishes_without_a_line(cells, tmp_path, recorded, capsys):
    recorded()
    tracker, name = knobs(tmp_path).open(tmp_path), "culturerl-iraq-tiny-s0"

    def said() -> list[str]:
        return capsys.readouterr().out.splitlines()

    tracker.boards(tmp_path / "store")
    assert said() == ["W&B: no cell is shown"]
    tracker.cell(cells[0])
    assert said() == [
        f"W&B: {name} is shown",
        f"W&B: send with: wandb sync {tmp_path}/reports/wandb/offline-run-*",
    ]
    tracker.cell(cells[0])
    assert said() == [f"W&B: {name} was there before"]
    tracker.cell(cells[0], quiet=True)
    assert not said()
    tracker.boards(tmp_path / "store")
    assert [line for line in said() if line.startswith("W&B: 2 cells of")] == [
        f"W&B: 2 cells of {tmp_path}/store are not shown: task=track shows them"
    ]


def test_full_weights_stay_at_home_in_a_line_unless_asked_for(cells, tmp_path, recorded, capsys):
    fit = tmp_path / "store/fit" / ("f" * 16)
    (fit / "adapter_config.json").unlink()
    (fit / "model").mkdir()
    (fit / "model/config.json").write_text("{}")
    run = recorded()
    knobs(tmp_path, project="a").open(tmp_path).cell(cells[0])
    assert not run.artifacts and "stay at home (tracking.upload=all)" in capsys.readouterr().out
    knobs(tmp_path, upload=Upload.all, project="b").open(tmp_path).cell(cells[0])
    ((artifact,), kind) = run.artifacts, "model"
    assert artifact.type == kind and list(artifact.manifest.entries) == ["model/config.json"]


@pytest.mark.parametrize(("there", "pushed"), [(True, 1), (False, 0)])
def test_finished_cells_of_a_sweep_that_is_issued_again_are_pushed(
    cells, tmp_path, monkeypatch, recorded, there, pushed
):
    stored = SimpleNamespace(slug="page"), SimpleNamespace(path=cells[0])
    (tmp_path / "page").mkdir()
    (tmp_path / "page/index.html").touch()
    monkeypatch.setattr(run, "_found", lambda cfg: stored if there else None)
    monkeypatch.setattr(run, "instantiate", lambda _: knobs(tmp_path))
    recorded()
    cfg = SimpleNamespace(reports=str(tmp_path), tracking=None)
    assert Run().finished(cfg) is there
    assert len(knobs(tmp_path).open(tmp_path).log.groups()) == pushed
