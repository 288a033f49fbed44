"""A run that is killed in the middle of training and issued again, against one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

COMMAND = """
    method=survey_sft culture=iraq model=blank control=false ~method@baselines.cultural_prompt
    training.updates=30 training.checkpoint_every=5 benchmark.bootstrap=50
""".split()


def start(cwd):
    words = [sys.executable, "-m", "alignbench", *COMMAND]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=cwd, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)


def numbers(cwd):
    (file,) = (cwd / "outputs/store/score").glob("*/record.json")
    return json.loads(file.read_text())["rows"]


def test_a_killed_run_goes_on_and_ends_like_an_unbroken_one(tmp_path):
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    broken.mkdir(), whole.mkdir()
    victim = start(broken)
    while not list(broken.glob("outputs/store/fit/*.partial/checkpoints/*")):
        assert victim.poll() is None, victim.communicate()[0]
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert not list(broken.glob("outputs/store/score/*/record.json"))

    again, unbroken = start(broken), start(whole)
    said = again.communicate()[0]
    assert again.returncode == 0, said
    assert "resume fit/" in said and "reuse  respond/" in said
    assert "build  fit/" in unbroken.communicate()[0] and unbroken.returncode == 0
    for a, b in zip(numbers(broken), numbers(whole), strict=True):
        assert a["label"] == b["label"]
        assert a["score"] == pytest.approx(b["score"], abs=1e-4)

    third = start(broken)
    said = third.communicate()[0]
    assert "load " not in said and "build" not in said
    assert (broken / "outputs/reports/survey_sft-iraq-blank-s0/index.html").stat().st_size > 10_000
