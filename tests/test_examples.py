"""The worked plugin, as a stranger uses it: built, installed, found, tested by its own tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import alignbench

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "plugin_norm_echo"


def test_the_plugin_is_installed_listed_and_keeps_its_contract(tmp_path):
    """The environment holds alignbench and, in a folder of its own, nothing but the plugin's wheel."""
    shutil.copytree(EXAMPLE, tmp_path / "source")
    target = tmp_path / "installed"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(target), str(Path(alignbench.__file__).parents[1])]),
    }

    def python(*words):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python("pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target", target, "./source")
    shutil.move(tmp_path / "source" / "tests", tmp_path / "tests")
    shutil.rmtree(tmp_path / "source")
    listed = python("alignbench", "--help")
    assert "  norm_echo " in listed and "plugins\n  norm_echo 0.1.0  The culture's clearest norms" in listed
    assert "3 passed" in python("pytest", "-q", "-p", "no:cacheprovider", "tests")
