"""A real Slurm of one node: jobs wait, lose their node and come back, train together (make test-slurm)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hydra.core.utils import JobReturn, JobStatus
from safetensors.torch import load_file

import alignbench as ab
from tests.slurm.real import lacking, one_node

pytest.importorskip("submitit", reason="pip install 'alignbench[slurm]'")
pytestmark = [pytest.mark.slurm, pytest.mark.skipif(lacking() is not None, reason=str(lacking()))]

NODE = [
    "hydra/launcher=slurm",
    "hydra.launcher.gpus_per_node=0",
    "hydra.launcher.mem_gb=1",
    "hydra.launcher.cpus_per_task=1",
]
CELL = ["model=nano", "control=false", "scoring.bootstrap=50"]
PATIENCE = 900


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment in which commands speak to the node."""
    with one_node(tmp_path_factory.mktemp("slurm")) as environment:
        yield {**environment, "OMP_NUM_THREADS": "1"}


def alignbench(words: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    words = [sys.executable, "-m", "alignbench", *words]
    return subprocess.Popen(words, cwd=cwd, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def done(process: subprocess.Popen[str]) -> str:
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, said
    return said


def preempt(environment: dict[str, str], cwd: Path) -> None:
    """Somebody more urgent takes the node for a second; what ran there is queued again by Slurm."""
    words = ["sbatch", "--wait", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]
    subprocess.run(words, cwd=cwd, env=environment, check=True, capture_output=True, timeout=PATIENCE)


def until(ready: str, store: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until the store holds so many files of that pattern."""
    limit = time.monotonic() + PATIENCE
    while len(list(store.glob(ready))) < count:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit, f"no {ready} in {store}"
        time.sleep(0.05)


def board(store: Path) -> pd.DataFrame:
    """Every figure of every cell, and the key of the stage that holds it; not when it came about."""
    found = ab.load_results(store).drop(columns=["git", "finished"])
    names = ["page", "label", "kind", "metric", "facets", "against"]
    return found.sort_values(names).reset_index(drop=True)


def test_a_sweep_that_is_preempted_twice_ends_in_the_board_of_one_process(
    cluster: dict[str, str], tmp_path: Path
) -> None:
    """144 cells; ALIGNBENCH_SLURM_SEEDS makes them fewer."""
    seeds = ",".join(map(str, range(int(os.environ.get("ALIGNBENCH_SLURM_SEEDS", "4")))))
    cultures = "iraq,china,brazil,usa,germany,turkey,korea,argentina,bangladesh"
    methods = "none,cultural_prompt,guided,self_alignment"
    sweep = ["-m", *CELL, f"method={methods}", f"culture={cultures}", f"seed={seeds}"]
    cells = 4 * 9 * len(seeds.split(","))
    started = time.monotonic()
    done(alignbench(sweep, tmp_path, cluster))
    alone = time.monotonic() - started
    (tmp_path / "slurm").mkdir()
    started = time.monotonic()
    process = alignbench([*sweep, *NODE, "hydra.launcher.cells_per_job=24"], tmp_path / "slurm", cluster)
    store = tmp_path / "slurm/outputs/store"
    for share in (0.1, 0.5):
        until("score/*/manifest.json", store, round(share * cells), process)
        preempt(cluster, tmp_path)
    said = done(process)
    print(f"\n{cells} cells: {alone:.0f} s in one process, {time.monotonic() - started:.0f} s on the node\n{said}")
    assert f"{cells} of {cells} cells done, 0 not" in said
    assert said.count("interrupted 1 times") + 2 * said.count("interrupted 2 times") >= 2
    pd.testing.assert_frame_equal(board(tmp_path / "outputs/store"), board(store), rtol=1e-9)


def test_a_training_that_loses_its_node_goes_on_to_the_same_weights(cluster: dict[str, str], tmp_path: Path) -> None:
    knobs = ["training.updates=60", "training.checkpoint_every=50", "method=survey_sft", "culture=iraq"]
    done(alignbench([*CELL, *knobs], tmp_path, cluster))
    (tmp_path / "slurm").mkdir()
    process = alignbench(["-m", *CELL, *knobs, *NODE], tmp_path / "slurm", cluster)
    store = tmp_path / "slurm/outputs/store"
    until("fit/*.partial/history.json", store, 1, process)
    subprocess.run(["scancel", "--user=root", "--signal=USR2"], env=cluster, check=True)
    until("fit/*.partial/checkpoints/*/files.json", store, 1, process)
    (saved,) = store.glob("fit/*.partial/checkpoints/*/files.json")
    assert int(saved.parent.name) < 50, "saved where it was told to end"
    said = done(process)
    assert "interrupted 1 times" in said
    one, other = (
        load_file(next(root.glob("fit/*/adapter_model.safetensors"))) for root in (tmp_path / "outputs/store", store)
    )
    assert one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)


def test_two_processes_train_one_model(cluster: dict[str, str], tmp_path: Path) -> None:
    knobs = ["training.updates=6", "method=survey_sft", "culture=iraq"]
    done(alignbench([*CELL, *knobs], tmp_path, cluster))
    (tmp_path / "slurm").mkdir()
    said = done(
        alignbench(["-m", *CELL, *knobs, *NODE, "hydra.launcher.tasks_per_node=2"], tmp_path / "slurm", cluster)
    )
    assert "1 of 1 well" in said
    one, other = board(tmp_path / "outputs/store"), board(tmp_path / "slurm/outputs/store")
    pd.testing.assert_frame_equal(one, other, atol=1e-3)


def test_a_partition_that_is_not_there_is_refused_in_a_line(cluster: dict[str, str], tmp_path: Path) -> None:
    words = ["-m", *CELL, "method=none", "culture=iraq,china", *NODE, "hydra.launcher.partition=nowhere"]
    process = alignbench(words, tmp_path, cluster)
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 2 and "Traceback" not in said
    assert (
        said.strip().splitlines()[-1].startswith("alignbench: hydra/launcher = 'slurm': Slurm does not take the jobs: ")
    )


def ends_once(words: list[str], *rest: object) -> JobReturn:
    """Stands for a cell that takes long the first time."""
    if "SLURM_RESTART_COUNT" not in os.environ:
        time.sleep(PATIENCE)
    return JobReturn(status=JobStatus.COMPLETED, _return_value=True)


@pytest.mark.parametrize("inside", ["a container", "the node"])
def test_a_job_at_its_time_limit_is_queued_again(
    cluster: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """In a container, which has no Slurm in it, by the job script; else by submitit."""
    from alignbench.sweep import slurm
    from tests.slurm.test_launcher import knobs_of

    for name, value in cluster.items():
        monkeypatch.setenv(name, value)
    hidden = {"a container": f"env PATH=/nowhere {sys.executable}", "the node": None}[inside]
    knobs = knobs_of("gpus_per_node=0", "mem_gb=1", "cpus_per_task=1", "timeout_min=1", "signal_delay_s=50")
    given = {**knobs, "submitit_folder": str(tmp_path / "%j"), "python": hidden}
    (found,) = slurm.Slurm(ends_once, list, given).launch([("seed=0",)], [{}], lambda cell: False)
    assert found.return_value
