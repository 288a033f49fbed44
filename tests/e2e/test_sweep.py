"""A sweep that is killed in the middle of a training, that has a cell which fails, and that is issued again."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from alignbench.record.cell import CellRecord
from alignbench.record.finished import finished
from alignbench.runs.compare import compare
from tests.conftest import FAST

pytestmark = pytest.mark.long

TRAINING = "training.updates=40 training.checkpoint_every=10 training.prompts_per_update=4".split()
WORDS = [*FAST, "control=false", *TRAINING]
SWEEP = ["-m", "method=survey_sft,native_language", "culture=iraq,zimbabwe", *WORDS, "-v"]


def start(cwd):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    words = [sys.executable, "-m", "alignbench", *SWEEP]
    return subprocess.Popen(words, cwd=cwd, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)


def numbers(record: CellRecord):
    return {row.label: row.score for row in record.rows}


def test_a_killed_sweep_goes_on_with_one_engine_and_lists_what_failed(tmp_path, make_cell):
    broken = tmp_path / "broken"
    broken.mkdir()
    victim, store = start(broken), broken / "outputs/store"
    while not (list(store.glob("score/*/manifest.json")) and list(store.glob("fit/*.partial/checkpoints/*"))):
        assert victim.poll() is None, victim.communicate()[0]
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert len(finished(store)) == 1

    again = start(broken)
    said = again.communicate()[0]
    assert again.returncode == 1, said
    assert "4 cells: 1 done before, 3 to run" in said and "resume fit/" in said
    assert "3 of 4 cells done, 1 not" in said and "Traceback" not in said
    assert said.count("  load   blank") == 2  # once to train, once to answer, whatever the number of cells
    command = "python -m alignbench method=native_language culture=zimbabwe"
    (file,) = store.glob("failed/*.json")
    failed = json.loads(file.read_text())
    assert command in said and failed["command"].startswith(command)
    assert failed["traceback"][0].startswith("Traceback") and failed["message"] in said
    assert len(list(broken.glob("outputs/reports/*/index.html"))) == 3

    unbroken, _ = compare(make_cell("method=survey_sft", "culture=zimbabwe", "control=false", *TRAINING))
    resumed = next(cell.record for cell in finished(store) if cell.record.cell.culture == "zimbabwe")
    assert numbers(resumed) == pytest.approx(numbers(unbroken), abs=1e-4)
