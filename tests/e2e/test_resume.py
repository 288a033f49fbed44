"""A run that is killed in the middle of training and issued again, against one that was left alone."""

import os
import signal
import subprocess
import sys
import time

import pytest

from alignbench.report.record import CellRecord
from alignbench.report.study import finished
from alignbench.runs.compare import compare
from tests.conftest import FAST

TRAINING = "training.updates=60 training.checkpoint_every=5 training.prompts_per_update=4".split()
WORDS = ["method=survey_sft", "culture=iraq", "control=false", *TRAINING]


def start(cwd):
    words = [sys.executable, "-m", "alignbench", *FAST, *WORDS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=cwd, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)


def numbers(record: CellRecord):
    return {row.label: row.score for row in record.rows}


def test_a_killed_run_goes_on_and_ends_like_an_unbroken_one(tmp_path, make_cell):
    broken = tmp_path / "broken"
    broken.mkdir()
    victim = start(broken)
    while not list(broken.glob("outputs/store/fit/*.partial/checkpoints/*")):
        assert victim.poll() is None, victim.communicate()[0]
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert not list(broken.glob("outputs/store/score/*/record.json"))

    again = start(broken)
    said = again.communicate()[0]
    assert again.returncode == 0, said
    assert "resume fit/" in said and "reuse  respond/" in said
    unbroken, _ = compare(make_cell(*WORDS))
    (cell,) = finished(broken / "outputs/store")
    assert numbers(cell.record) == pytest.approx(numbers(unbroken), abs=1e-4)
    assert (broken / "outputs/reports/survey_sft-iraq-blank-s0/index.html").stat().st_size > 10_000
