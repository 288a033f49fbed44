"""``alignbench new``: what it writes passes its own tests unchanged; wrong words get one message."""

import subprocess
import sys
from pathlib import Path

import pytest

from alignbench import scaffold
from alignbench.errors import AlignbenchError

ROOT = Path(__file__).parents[1]


@pytest.mark.long
def test_whatever_is_begun_passes_its_tests_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert scaffold.kinds() == ["benchmark", "judge", "method"]
    for kind in scaffold.kinds():
        scaffold.new([kind, f"own_{kind}", "lab"])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "lab"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--line-length=120", "lab"]
    assert subprocess.run(ruff, check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["method"], "alignbench new KIND NAME"),
        (["metod", "tone"], "choose one of benchmark, judge, method"),
        (["method", "my-tone"], "give a Python name"),
        (["method", "tone", "./my-lab"], "give a Python name"),
        (["method", "culturerl"], "there is a choice of this name"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_written(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AlignbenchError, match=message):
        scaffold.new(words)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scaffold.new(["judge", "mild"])
    module = tmp_path / "mine/judge/mild.py"
    module.write_text("mine")
    with pytest.raises(AlignbenchError, match=r"mild\.py.*this file is there already"):
        scaffold.new(["judge", "mild"])
    assert module.read_text() == "mine"
