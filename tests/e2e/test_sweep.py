"""A sweep that is killed, that has a cell which fails, and that is issued again."""

import json
import os
import signal
import subprocess
import sys
import time

FAST = "model=blank control=false ~method@baselines.cultural_prompt benchmark.bootstrap=50 method.wordings=2".split()
SWEEP = ["-m", "method=cultural_prompt,native_language", "culture=iraq,japan,zimbabwe", *FAST]


def start(cwd):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    words = [sys.executable, "-m", "alignbench", *SWEEP]
    return subprocess.Popen(words, cwd=cwd, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)


def test_a_killed_sweep_goes_on_with_one_engine_and_lists_what_failed(tmp_path):
    victim = start(tmp_path)
    while not list(tmp_path.glob("outputs/store/score/*/manifest.json")):
        assert victim.poll() is None, victim.communicate()[0]
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()

    again = start(tmp_path)
    said = again.communicate()[0]
    assert again.returncode == 1, said
    assert "6 cells: " in said and " done before, " in said
    assert "5 of 6 cells done, 1 not" in said and "Traceback" not in said
    assert said.count("  load   blank") == 1
    command = "python -m alignbench method=native_language culture=zimbabwe"
    (file,) = tmp_path.glob("outputs/store/failed/*.json")
    failed = json.loads(file.read_text())
    assert command in said and failed["command"].startswith(command)
    assert failed["traceback"][0].startswith("Traceback") and failed["message"] in said
    assert len(list(tmp_path.glob("outputs/reports/*/index.html"))) == 5
