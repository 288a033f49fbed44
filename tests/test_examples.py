"""What lies under ``examples/`` works as it stands: notebooks from the first cell to the last, the plugin installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import alignbench
from alignbench.config import instantiate
from alignbench.data.survey import Survey
from alignbench.types import Scale
from tests.typed import typed

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def executed(notebook: Path) -> dict[str, object]:
    """The names that the code cells leave behind; each cell is compiled alone, so that an error names it."""
    names: dict[str, object] = {}
    for number, cell in enumerate(json.loads(notebook.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{notebook.name}, cell {number}", "exec"), names)
    return names


@pytest.mark.long
def test_the_first_steps_run_a_cell_load_the_board_and_draw_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    (notebook,) = (n for n in NOTEBOOKS if n.stem == "first_steps")
    names = executed(notebook)
    gains = names["gains"]
    assert isinstance(gains, pd.DataFrame) and len(gains) == 3 and (gains.low <= gains.difference).all()
    assert (tmp_path / "first/gains.png").stat().st_size > 5000
    assert {p.name for p in tmp_path.iterdir()} == {"first"}, "everything lies where the notebook put it"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_output(notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    assert content["nbformat"] == 4 and len({cell["id"] for cell in content["cells"]}) == len(content["cells"])
    assert not [cell["id"] for cell in content["cells"] if cell.get("outputs") or cell.get("execution_count")]


def test_the_survey_of_ones_own_is_read_and_a_cell_runs_on_it(compose_config, capsys):
    own = EXAMPLES / "own_survey"
    files = [
        f"survey.items={own}/items.jsonl",
        f"survey.shares={own}/shares.csv",
        f"survey.split_file={own}/splits.csv",
    ]
    cfg = compose_config("task=run", "survey=table", *files, "culture=iraq", "method=none", "control=false")
    survey = instantiate(cfg.survey).load(())
    assert isinstance(survey, Survey) and {item.scale for item in survey.items} == set(Scale)
    record = instantiate(cfg.task).main(cfg)
    assert record.cell.survey == "own table (unknown)" and record.base.items == 2


@pytest.mark.long
def test_the_plugin_is_installed_listed_and_keeps_its_contract(tmp_path, monkeypatch):
    """The environment holds alignbench and, in a folder of its own, nothing but the plugin's wheel."""
    shutil.copytree(EXAMPLES / "plugin_norm_echo", tmp_path / "source")
    target = tmp_path / "installed"
    places = os.pathsep.join([str(target), str(Path(alignbench.__file__).parents[1])])

    def python(*words):
        environment = {**os.environ, "PYTHONPATH": places}
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python("pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target", target, "./source")
    shutil.move(tmp_path / "source" / "tests", tmp_path / "tests")
    shutil.rmtree(tmp_path / "source")
    assert "3 passed" in python("pytest", "-q", "-p", "no:cacheprovider", "tests")
    monkeypatch.syspath_prepend(str(target))
    listed = typed("--help", cwd=tmp_path).stdout
    assert "  norm_echo " in listed and "plugins\n  norm_echo 0.1.0  The culture's clearest norms" in listed
