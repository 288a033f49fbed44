"""Plugins: what they bring is there, counts in keys, and is said; a bad one gets one message."""

import json
import textwrap
from pathlib import Path

import pytest
from hydra.core.hydra_config import HydraConfig

from alignbench import plugins
from alignbench.config import components, instantiate, register
from alignbench.errors import AlignbenchError
from alignbench.evaluation.catalogue import metrics
from alignbench.overrides import check_overrides, plugin_folders
from alignbench.report.results import schema_markdown
from alignbench.runs.compare import compare, score_of
from alignbench.store import store
from alignbench.sweep.identity import identity
from alignbench.testing import composed, nano_cell
from alignbench.usage import help_text
from tests.typed import forgotten, typed

METHOD = '''
    """Says how to speak."""
    from dataclasses import dataclass
    from alignbench.aligned import AlignedModel
    from alignbench.method import Method, RunContext
    from alignbench.types import PromptPolicy

    @dataclass(frozen=True)
    class Tone(Method):
        """Its knobs."""

        tone: str = "kind"

        def align(self, context: RunContext) -> AlignedModel:
            """A system text."""
            return AlignedModel(context.model, policy=PromptPolicy((f"Be {self.tone}.",)))
'''
YAML = "# Says how to speak.\ndefaults:\n  - /schema/method/tone@_here_\n  - _self_\n"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Writes a plugin's files into ``lab/``; whatever is loaded is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)

    def write(**files):
        for name, text in {"__init__.py": '"""Our own."""\n', **files}.items():
            path = tmp_path / "lab" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path / "lab"

    with forgotten(monkeypatch):
        yield write


@pytest.fixture
def tone(lab):
    return lab(**{"method/tone.py": METHOD, "conf/method/tone.yaml": YAML})


def admitted(*folders):
    plugins.load(folders)
    register()


@pytest.mark.long
def test_a_folder_joins_groups_schemas_and_help(tone):
    admitted("./lab")
    assert components("method")["tone"].__module__ == "lab.method.tone"
    check_overrides(["plugins=[./lab]", "method=tone", "method.tone=stern"])
    with pytest.raises(AlignbenchError, match=r"method\.tne.*did you mean tone"):
        check_overrides(["plugins=[./lab]", "method=tone", "method.tne=stern"])
    text = help_text()
    assert "tone" in text and "Says how to speak." in text and f"lab in {tone}  Our own." in text
    assert instantiate(composed("plugins=[./lab]", "method=tone").method).tone == "kind"


@pytest.mark.long
def test_what_was_loaded_is_said_and_its_code_is_part_of_the_key(tone, tmp_path):
    words = ("plugins=[./lab]", "method=tone")
    record, score = compare(nano_cell(tmp_path, *words))
    assert "lab.method.tone" in score.manifest["code"]
    ((name, before),) = score.manifest["plugins"].items()
    assert name == f"lab in {tone}"
    assert ("plugin", "lab", str(tone), before) in {(s.what, s.name, s.version, s.key) for s in record.provenance}

    module = tone / "method/tone.py"
    module.write_text(module.read_text().replace("Be {", "Do be {"))
    store._code_of.cache_clear()
    cell = nano_cell(tmp_path, *words)
    assert compare(cell)[1].key != score.key
    assert {artifact.name for artifact in cell.store.built} == {"score"}, "the old module is still imported"


def test_the_same_cell_without_its_plugins_word_has_the_same_identity(tone):
    named = composed("plugins=[./lab]", "method=tone")
    assert identity(named) == identity(composed("method=tone"))


def foreign(tmp_path):
    """A module that leaves a trace when it is imported."""
    (tmp_path / "stranger.py").write_text("from pathlib import Path\nPath('imported').touch()\nclass Culture: ...\n")


def test_a_foreign_target_is_never_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    foreign(tmp_path)
    cfg = composed("culture=iraq")
    cfg.culture = {"_target_": "stranger.Culture"}
    for door in (identity, lambda cfg: instantiate(cfg.culture)):
        with pytest.raises(
            AlignbenchError, match=r"culture\._target_ = 'stranger.Culture': only classes of alignbench"
        ):
            door(cfg)
    assert not (tmp_path / "imported").exists()


@pytest.mark.long
def test_a_sweep_refuses_a_foreign_target_before_any_cell_runs(tmp_path):
    foreign(tmp_path)
    (tmp_path / "mine/culture").mkdir(parents=True)
    (tmp_path / "mine/culture/atlantis.yaml").write_text("_target_: stranger.Culture\n")
    done = typed("-m", "--config-dir=mine", "culture=atlantis,iraq", "model=nano", cwd=tmp_path)
    assert done.returncode == 2 and "culture._target_ = 'stranger.Culture'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "imported").exists() and not (tmp_path / "outputs/store").exists()


@pytest.mark.parametrize(
    ("target", "remedy"),
    [("alignbench.method.nothing.No", "no such class"), ("alignbench.files.replacing", "no class that may be")],
)
def test_a_target_that_is_no_component_is_refused(target, remedy):
    cfg = composed("culture=iraq")
    cfg.culture = {"_target_": target}
    with pytest.raises(AlignbenchError, match=remedy):
        instantiate(cfg.culture)


BAD = {
    "a broken import": (
        {"__init__.py": "1 / 0\n"},
        r"'lab': it cannot be imported.*ZeroDivisionError.*lab/__init__.py, line 1",
    ),
    "a broken module": ({"judge/odd.py": "import nowhere\n"}, r"'lab\.judge\.odd': .*No module named 'nowhere'"),
    "a module's name that is taken": ({"method/culturerl.py": METHOD}, r"alignbench\.method\.culturerl has this name"),
    "a YAML's name that is taken": ({"conf/method/none.yaml": YAML}, r"conf/method/none\.yaml has this name"),
    "an unknown group": ({"conf/methods/tone.yaml": YAML}, "no such group; there are .*method"),
    "nothing": ({}, "there is nothing in it that we know"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_plugin_gets_one_message(case, lab):
    files, message = BAD[case]
    lab(**files)
    with pytest.raises(AlignbenchError, match=message):
        admitted("./lab")


def test_a_folder_that_cannot_be_a_plugin_gets_one_message(lab, tmp_path):
    for name in ("numpy", "two words", "bare"):
        (tmp_path / name).mkdir()
    for name in ("numpy", "two words"):
        (tmp_path / name / "__init__.py").touch()
    for folder, message in {
        "./nowhere": "no such folder",
        "bare": "no Python package",
        "two words": "no Python name",
        "numpy": "another package has this name",
    }.items():
        with pytest.raises(AlignbenchError, match=rf"plugins = '{folder}': .*{message}"):
            plugins.load([folder])
    with pytest.raises(AlignbenchError, match="give a list of folders"):
        plugin_folders(["plugins=./lab"])


def test_an_entry_point_that_names_nothing_gets_one_message(lab, tmp_path, monkeypatch):
    info = tmp_path / "gone-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gone\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[alignbench.plugins]\ngone = gone_for_good\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(AlignbenchError, match="'gone_for_good': it cannot be imported; mend or uninstall it"):
        plugins.load()


@pytest.mark.long
def test_jobs_in_other_processes_have_the_plugins(tone, tmp_path, monkeypatch):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="pip install 'alignbench[slurm]'")
    monkeypatch.setenv("PYTHONPATH", str(Path(plugins.__file__).parents[1]))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = ["plugins=[../lab]", "hydra/launcher=submitit_local", "model=nano", "method=tone", "control=false"]
    done = typed("-m", *words, "culture=iraq", "scoring.bootstrap=50", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 cells done, 0 not" in done.stdout
    manifests = list((elsewhere / "outputs/store/score").glob("*/manifest.json"))
    assert [list(json.loads(path.read_text())["plugins"]) for path in manifests] == [[f"lab in {tone}"]]


def test_doctor_lists_plugins(tone, capsys):
    cfg = composed("plugins=[./lab]", "task=doctor", "model=local", "model.path=./no")
    HydraConfig.instance().set_config(cfg)
    with pytest.raises(AlignbenchError, match="doctor"):  # the model is nowhere, which stops nothing
        instantiate(cfg.task).main(cfg)
    assert f"ok    plugins      lab in {tone}" in capsys.readouterr().out


METRIC = """
    import numpy as np
    from alignbench.evaluation.catalogue import BoardMetric

    def common(item, people, model):
        return float(np.minimum(people, model).sum(axis=-1).mean())

    METRIC = BoardMetric("Common ground", "share of answers that both give", unit="share", item=common)
"""


@pytest.mark.long
def test_a_metric_of_a_plugin_is_scored_and_its_code_counts(lab, tmp_path):
    folder = lab(**{"metric/__init__.py": "", "metric/agreement.py": METRIC})
    cell = nano_cell(tmp_path, "plugins=[./lab]", "control=false")
    before = cell.store.key(score_of(cell))
    record, _ = compare(cell)
    assert all(0 < row.means["agreement"] <= 1 for row in record.rows)
    assert "| `agreement` | share |" in schema_markdown()
    file = folder / "metric/agreement.py"
    file.write_text(file.read_text().replace("minimum", "maximum"))
    again = nano_cell(tmp_path, "plugins=[./lab]", "control=false")
    assert again.store.key(score_of(again)) != before


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [("score", METRIC, "this name is in use"), ("mine", "", r"set METRIC = BoardMetric\(..., item=...\)")],
)
def test_a_module_that_is_no_metric_is_refused(name, text, remedy, lab):
    lab(**{"metric/__init__.py": "", f"metric/{name}.py": text})
    plugins.load(["./lab"])
    with pytest.raises(AlignbenchError, match=remedy):
        metrics()
