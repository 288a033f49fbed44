"""Cells as jobs of their own: pickled there, composed from memory, summed up here; the cells are light."""

import os
import subprocess
import sys

import pytest

LAUNCHERS = {
    "submitit_local": ("hydra_plugins.hydra_submitit_launcher", "hydra.launcher.timeout_min=5"),
    "joblib": ("hydra_plugins.hydra_joblib_launcher", "hydra.launcher.n_jobs=2"),
}


@pytest.mark.long
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_sweep_on_a_launcher_does_and_fails_what_it_would_do_and_fail_here(launcher, tmp_path):
    package, knob = LAUNCHERS[launcher]
    pytest.importorskip(package, reason="pip install 'alignbench[slurm,joblib]'")
    words = ["-m", f"hydra/launcher={launcher}", knob, "task=respondents", "survey=world,wvs7", "task.out=out"]
    done = subprocess.run(
        [sys.executable, "-m", "alignbench", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 1, done.stderr
    assert "1 of 2 cells done, 1 not" in done.stdout
    assert "only the planted world can be drawn" in done.stdout.replace("\n", " ")
    assert (tmp_path / "out/shares.csv").is_file()
