"""``import alignbench as ab``: the same cells, records and messages as on the command line."""

import subprocess
import sys

import pandas as pd
import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase

import alignbench as ab
from alignbench.record.finished import finished
from tests.conftest import FAST
from tests.typed import typed

KNOBS = {key: value for key, _, value in (word.partition("=") for word in FAST)}
CELL = {"method": "survey_sft", "culture": "iraq", "control": False}
WORDS = ["method=survey_sft", "culture=iraq", "control=false"]


@pytest.mark.long
def test_a_cell_run_from_python_is_the_cell_of_the_command_line(tmp_path, monkeypatch):
    (tmp_path / "typed").mkdir()
    assert typed(*FAST, *WORDS, cwd=tmp_path / "typed").returncode == 0
    (tmp_path / "called").mkdir()
    monkeypatch.chdir(tmp_path / "called")
    record = ab.run(**CELL | {"culture": "Iraqi"}, **KNOBS)
    (by_word,), (called,) = (finished(tmp_path / name / "outputs/store") for name in ("typed", "called"))
    assert by_word.stage.name == called.stage.name, "the same key"
    assert by_word.config["choices"] == called.config["choices"] and by_word.config["knobs"] == called.config["knobs"]
    figures = [{row.label: (row.score, row.difference, row.key) for row in r.rows} for r in (by_word.record, record)]
    assert figures[0].keys() == figures[1].keys()
    for label, (score, difference, key) in figures[0].items():
        assert figures[1][label] == (pytest.approx(score, abs=1e-6), pytest.approx(difference, abs=1e-6), key)
    assert called.record == record
    pages = [{p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*.html")} for n in ("typed", "called")]
    assert pages[0] == pages[1] and pages[0]


@pytest.mark.long
def test_it_runs_again_and_again_and_leaves_hydra_as_it_was(tmp_path, capsys):
    places = {"store": tmp_path / "a store", "reports": tmp_path / "reports", "method": "none"}
    before = HydraConfig.instance().cfg, GlobalHydra.instance().hydra, VersionBase.instance().version_base
    first = ab.run("seed=3", culture="iraq", **places, **KNOBS)
    capsys.readouterr()
    assert ab.run(culture="iraq", seed=3, **places, **KNOBS) == first
    assert "build" not in capsys.readouterr().out
    assert before == (HydraConfig.instance().cfg, GlobalHydra.instance().hydra, VersionBase.instance().version_base)
    table = ab.load_results(tmp_path / "a store")
    assert set(table["seed"]) == {3} and first.base.score in table["value"].tolist()


@pytest.mark.long
def test_a_file_that_changed_between_two_calls_is_read_again(tmp_path):
    folder = tmp_path / "mine/culture"
    folder.mkdir(parents=True)
    text = "defaults: [/schema/culture/culture@_here_, _self_]\nname: babel\ncountry: COUNTRY\niso3: IRQ\n"
    words = {"store": tmp_path / "s", "reports": tmp_path / "r", "method": "none", "config_dir": tmp_path / "mine"}
    for country in ("Mesopotamia", "Babylon"):
        own = f"{text.replace('COUNTRY', country)}adjective: Iraqi\ncontrol: iran\n"
        (folder / "babel.yaml").write_text(own, encoding="utf-8")
        assert ab.run(culture=country, **words, **KNOBS).cell.country == country


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"method": "grpo"}, "did you mean culturerl"),
        ({"culture": "irak"}, "nearest"),
        ({"others": "brazil"}, "give a list"),
        ({"model": "local"}, "not given"),
        ({"experiment": "nine_cultures"}, "call it once for each cell"),
        ({"task": "plan"}, "from Python cells are run"),
    ],
)
def test_what_the_command_line_refuses_is_an_exception_with_the_same_words(tmp_path, words, message):
    with pytest.raises(ab.AlignbenchError, match=message):
        ab.run(store=tmp_path / "store", **words)


def test_a_sweep_is_refused():
    with pytest.raises(ab.AlignbenchError, match=r"culture = 'iraq,china'.*once for each cell"):
        ab.run("culture=iraq,china")


def test_importing_it_loads_nothing_heavy():
    code = "import sys, alignbench; print({'torch', 'hydra', 'pandas', 'numpy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.long
def test_comparisons_are_a_table(tmp_path):
    with pytest.raises(ab.AlignbenchError, match="no finished cell"):
        ab.compare(tmp_path)
    ab.run(store=tmp_path / "s", reports=tmp_path / "r", **CELL, **KNOBS)
    table = ab.compare(tmp_path / "s", culture="iraq", seed=0)
    assert isinstance(table, pd.DataFrame) and list(table["against"]) == ["base", "base"]
