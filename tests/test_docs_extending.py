"""docs/extending.md: its files make one plugin, whose test passes and whose commands run."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import alignbench
from tests.typed import typed

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
# Of the commands that run a cell; those before the examples are tested with the scaffold.
RUNS = [line for kind, text in BLOCKS if not kind for line in text.splitlines() if " model=" in line]


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """The plugin of the page, in ``mine/``."""
    root = tmp_path_factory.mktemp("page")
    for _, text in BLOCKS:
        if text.startswith("# mine/"):
            path, _, content = text.removeprefix("# ").partition("\n")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content, encoding="utf-8")
    (root / "mine" / "__init__.py").write_text('"""The examples of the page."""\n')
    return root


def test_every_kind_of_the_page_is_there(mine):
    assert {path.parent.name for path in mine.glob("mine/conf/*/*.yaml")} == set(
        "method benchmark judge survey model".split()
    )


@pytest.mark.long
@pytest.mark.parametrize("command", RUNS, ids=lambda line: line.split("model=")[1].split()[0])
def test_the_commands_of_the_page_run(command, mine):
    words = shlex.split(command, comments=True)[3:]
    assert "tone" in said(words, mine)
    if "task=" not in command:
        record = json.loads(next((mine / "outputs/store/score").glob("*/record.json")).read_text(encoding="utf-8"))
        assert all(0 < row["means"]["common_ground"] <= 1 for row in record["rows"])
    if "benchmark=drinks" in command:
        assert "sureness" in said([word.replace("=drinks", "=sure_drinks") for word in words], mine)


def said(words, root):
    done = typed(*words, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.long
def test_the_test_and_the_judge_of_the_page_work(mine):
    (mine / "mine/tests/test_echo.py").write_text(
        "from alignbench.testing import nano_cell\nfrom alignbench.types import Norm\n\n\n"
        "def test_echo(tmp_path):\n"
        "    cell = nano_cell(tmp_path, 'plugins=[./mine]', 'judge=echo')\n"
        "    norm = Norm('tea', 'IRQ', 0, 'People drink tea.', 'People drink no tea.', 0.9, 0)\n"
        "    said = [norm.statement, norm.opposite, 'It rains.']\n"
        "    judged = cell.judge.judge([''] * 3, said, [[norm]] * 3, cell.tools)\n"
        "    assert [j.verdict for j in judged] == [1, -1, 0]\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(alignbench.__file__).parents[1])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "mine"]
    done = subprocess.run(command, cwd=mine, env=environment, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
