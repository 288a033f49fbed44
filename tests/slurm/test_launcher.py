"""The launcher for Slurm, against commands that answer as Slurm does."""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from alignbench.config import conf_dir, register
from alignbench.errors import AlignbenchError
from alignbench.sweep import slurm
from alignbench.sweep.slurm import Done, Slurm, Work
from alignbench.training.interrupt import GRACE
from tests.test_docs import ROOT

pytest.importorskip("submitit", reason="pip install 'alignbench[slurm]'")
from tests.slurm.fake import Fake, sound, words

CELLS = [("culture=iraq", f"seed={seed}") for seed in range(4)]
NONE = [dict[str, tuple[str, ...]]()] * 4
SHARED = [{"norms/1": (), f"base/{n // 2}": ("norms/1",), f"score/{n}": (f"base/{n // 2}",)} for n in range(4)]


def run(asked, key, number, name, state):
    """What stands for a cell: seed 1 fails, seed 2 ends the sweep where it is told to."""
    if "seed=2" in asked and os.environ.get("STOPS"):
        raise SystemExit(1)
    return JobReturn(status=JobStatus.COMPLETED, _return_value="seed=1" not in asked)


def composed(*asked, folder=None):
    register()
    with initialize_config_dir(version_base="1.3", config_dir=str(folder or conf_dir())):
        return compose("config", overrides=list(asked), return_hydra_config=True).hydra.launcher


@cache
def knobs_of(*changed):
    """The knobs of the launcher, as it gets them."""
    found = composed("hydra/launcher=slurm", *(f"hydra.launcher.{word}" for word in changed))
    return {k: v for k, v in OmegaConf.to_container(found, resolve=False).items() if k != "_target_"}


@pytest.fixture
def fake(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    return Fake(tmp_path / "bin", monkeypatch)


@pytest.fixture
def launch(fake, tmp_path, monkeypatch):
    """Launch the cells with some knobs changed; the cluster works while the launcher sleeps."""

    def launched(waiting=NONE, finished=lambda cell: False, cells=CELLS, **knobs):
        found = knobs_of()
        logs, clock = tmp_path / "logs", iter(range(0, 10_000, 60))
        made = len(slurm.pack(waiting, max(1, knobs.get("cells_per_job", 1)), knobs.get("shared_first", True), 1001))
        asleep = lambda seconds: fake.turn(logs / "%j", knobs.get("jobs", made))  # noqa: E731
        clocks = SimpleNamespace(sleep=asleep, monotonic=lambda: next(clock), time=time.time)
        monkeypatch.setattr(slurm, "time", clocks)
        given = {**found, "submitit_folder": str(logs / "%j"), **{k: v for k, v in knobs.items() if k != "jobs"}}
        jobs = Slurm(run, list, given).launch(cells, waiting, finished)
        return [job.return_value for job in jobs]

    return launched


def test_a_job_asks_for_what_the_knobs_say(launch, fake):
    asked = {"partition": "gpu", "account": "lab", "qos": "low", "constraint": "a100", "gpus_per_node": 2, "mem_gb": 8}
    assert launch(setup=["module load cuda"], offline=True, array_parallelism=3, **asked) == [True, False, True, True]
    found = words(fake.script)
    assert found == {
        **{name: str(value) for name, value in asked.items() if name not in ("gpus_per_node", "mem_gb")},
        "gpus-per-node": "2",
        "mem": "8GB",
        "array": "0-3%3",
        "requeue": "",
        "open-mode": "append",
        "cpus-per-task": "8",
        "job-name": "alignbench",
        "nodes": "1",
        "ntasks-per-node": "1",
        "signal": "USR2@120",
        "time": "720",
        "wckey": "submitit",
        "output": found["output"],
    }
    assert "\nexport HF_HUB_OFFLINE=1\nmodule load cuda\n" in fake.script and sound(fake.script)
    assert sys.executable in fake.script and "hold" not in found
    assert fake.told("scontrol") == ["show config"]


def test_shared_stages_come_first_and_each_job_waits_for_its_own(launch, fake, capsys):
    assert launch(SHARED) == [True, False, True, True]
    assert words(fake.script)["array"] == "0-6%7" and "hold" in words(fake.script)
    assert fake.told("scontrol")[1:] == [
        "update job=7_[1,2] dependency=afterany:7_0",
        "update job=7_[3,4] dependency=afterany:7_0:7_1",
        "update job=7_[5,6] dependency=afterany:7_0:7_2",
        "release 7",
    ]
    said = capsys.readouterr().out
    assert "7 jobs: 3 first, for 3 stages that several of them wait for; 4 of 1 cell" in said
    assert "the 4 jobs behind them could begin" in said and "0 jobs to come" in said


def test_a_job_before_others_builds_the_shared_stages_by_the_words_of_a_cell():
    given = {"submitit_folder": "x/%j", "signal_delay_s": 90, "max_num_timeout": 2}
    cells = [("culture=iraq", "task=run", "task.x=1")]
    composed_here = []
    work = Slurm(run, composed_here.append, given)._work(slurm.Piece((0,), ("norms/1", "base/2")), cells)
    assert work.runs == (("culture=iraq", "task=build", "task.stages=[norms/1,base/2]"),)
    assert composed_here == [list(work.runs[0])], "a job cannot compose"


def test_small_cells_share_a_job_and_arrays_stay_within_their_limit(launch, fake):
    (fake.folder / "array").write_text("2")
    assert launch(jobs=2) == [True, False, True, True]
    assert words(fake.script)["array"] == "0-1%2"
    fake.ran = False
    assert launch(cells_per_job=4) == [True, False, True, True]
    assert "array" not in words(fake.script)


def test_a_job_that_left_nothing_is_given_up_and_its_cells_are_looked_up(launch, fake, capsys):
    fake.dying = {0, 3}
    assert launch(finished=lambda cell: cell == 3) == [False, False, True, True]
    assert capsys.readouterr().out.count("left no result (1 cells): see its log") == 2


def test_a_job_in_the_queue_is_waited_for_however_long(launch, fake, monkeypatch):
    fake.dying = {0}
    (fake.folder / "queue").write_text("7_0\n")
    looks = iter(range(20))

    def turn(logs, jobs):
        if next(looks) == 15:  # far more than it takes to give up a job that is gone
            (fake.folder / "queue").write_text("")
        Fake.turn(fake, logs, jobs)

    monkeypatch.setattr(fake, "turn", turn)
    assert launch() == [False, False, True, True]
    assert next(looks) > 16


def test_a_cell_that_ends_the_sweep_cancels_what_has_not_begun(launch, fake, monkeypatch):
    monkeypatch.setenv("STOPS", "1")
    with pytest.raises(SystemExit):
        launch()
    assert fake.told("scancel") == ["--state=PENDING 7"]


REFUSED = "sbatch: error: invalid partition specified: nowhere"


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"cells_per_job": 0}, "cells_per_job = 0"),
        ({"cells_per_job": 2, "tasks_per_node": 2}, "a job of its own"),
        ({"tasks_per_node": 2, "max_jobs": 2}, "a job of its own"),
        ({"max_jobs": 0}, "max_jobs = 0"),
        ({"mem_gb": "much"}, "mem_gb"),
        ({}, REFUSED),
    ],
)
def test_what_cannot_be_submitted_is_refused_in_a_line(launch, fake, knobs, said):
    (fake.folder / "refused").write_text(f"{REFUSED}\nsbatch: error: Batch job submission failed\n")
    with pytest.raises(AlignbenchError, match=said) as refused:
        launch(**knobs)
    assert "\n" not in str(refused.value)


def test_processes_that_train_together_know_of_each_other_and_end_together(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    told = {"JOB_ID": "7", "NTASKS": "2", "PROCID": "1", "LOCALID": "1", "JOB_NUM_NODES": "1"}
    os.environ.update({"SUBMITIT_EXECUTOR": "slurm", **{f"SLURM_{name}": value for name, value in told.items()}})
    work = Work(run, (("seed=0",),), 0, tmp_path, 120, 2, {})
    assert work().well == (True,)
    named = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", GRACE)}
    assert named == {
        "RANK": "1",
        "WORLD_SIZE": "2",
        "LOCAL_RANK": "1",
        "MASTER_ADDR": named["MASTER_ADDR"],
        GRACE: "90",
    }
    with pytest.raises(RuntimeError, match="a cell failed"):
        Work(run, (("seed=1",),), 0, tmp_path, 120, 2, {})()


@pytest.mark.parametrize(("restarts", "again"), [("0", True), ("1", True), ("2", False)])
def test_a_job_in_a_container_leaves_its_queueing_to_the_script(tmp_path, monkeypatch, restarts, again):
    monkeypatch.setenv("SLURM_JOB_ID", "9")
    monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit):
        Work(run, (), 0, tmp_path, 120, 2, {}).checkpoint()
    assert (tmp_path / "9.requeue").is_file() == again


def test_a_job_that_is_done_says_how_often_it_was_interrupted():
    piece = slurm.Piece((0, 1))
    assert slurm._ended(Done((True, False), 0.0, 5.0, 2), piece) == "1 of 2 well (2 cells, 5 s, interrupted 2 times)"


def test_the_example_of_a_whole_cluster_composes_and_changes_no_name():
    known = composed("hydra/launcher=slurm")
    register()
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        path = f"hydra.searchpath=[file://{ROOT}/examples/slurm]"
        found = compose("config", [path, "hydra/launcher=site"], return_hydra_config=True).hydra.launcher
    assert found.keys() == known.keys() and found._target_ == known._target_
    assert all(found[name] for name in ("partition", "account", "qos", "constraint", "setup", "python", "offline"))
