"""What a model must show before anything is asked of it or trained, by every task and by the doctor."""

import shutil
from math import nan

import pytest

from alignbench.backend import engines, hf
from alignbench.backend.model import SHIPPED
from alignbench.backend.preflight import preflight
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.types import OptionScores

TRAINED = ("culture=iraq", "method=survey_sft", "control=false")
DEAF = (
    "{% for m in messages %}{{ '<|assistant|>' + m.content if m.role == 'assistant' else '<|user|>' + m.role }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(autouse=True)
def untried(monkeypatch):
    """As in a new process."""
    monkeypatch.setattr(engines, "_TRIED", set())


@pytest.fixture
def deaf(tmp_path):
    """The shipped model with a template that renders every question empty."""
    folder = shutil.copytree(SHIPPED, tmp_path / "deaf")
    (folder / "chat_template.jinja").write_text(DEAF)
    return folder


@pytest.fixture
def blank_engine(make_cell):
    cell = make_cell("culture=iraq", "method=none")
    return cell.backend.open(cell.model)


def do(cfg):
    instantiate(cfg.task).main(cfg)


def stages(folder):
    return {path.parent.name for path in folder.glob("store/*/*/manifest.json")}


@pytest.mark.parametrize("task", ["run", "benchmark", "protocols"])
def test_no_task_asks_or_trains_a_model_whose_template_loses_what_is_said(compose_config, tmp_path, deaf, task):
    words = (f"task={task}", "benchmark=vsm13", *TRAINED, "model=local", f"model.path={deaf}")
    with pytest.raises(AlignbenchError, match="drops this message"):
        do(compose_config(*words))
    assert not stages(tmp_path)


def test_the_doctor_says_what_every_run_would_refuse(compose_config, deaf, capsys):
    with pytest.raises(AlignbenchError, match="1 checks failed"):
        do(compose_config("task=doctor", "model=local", f"model.path={deaf}"))
    said = capsys.readouterr().out
    assert "FAIL  template" in said and "ok    score" in said and "ok    text" in said


def test_a_device_that_is_not_there_is_refused_before_anything_is_trained(make_cell):
    cell = make_cell(*TRAINED, "backend.device=cuda")
    training = cell.method.align(cell.context(cell.culture)).training
    with pytest.raises(AlignbenchError, match=r"backend.device.*no CUDA device"):
        cell.store.get(training)
    assert not cell.store.root.exists()


def test_a_model_is_tried_once_a_process_and_not_at_all_where_all_is_done(make_cell, monkeypatch):
    tried = []
    monkeypatch.setattr(engines, "preflight", lambda opened: tried.append(opened().model.name) or iter(()))
    for _ in range(2):
        cell = make_cell("culture=iraq", "method=none", "control=false")
        cell.tools.engine(cell.model)
    assert tried == ["blank"]


def test_weights_that_do_not_fit_are_refused_before_they_load(make_cell, monkeypatch):
    monkeypatch.setattr(hf, "free_memory", lambda device: 1000.0)
    cell = make_cell("culture=iraq", "method=none")
    with pytest.raises(AlignbenchError, match=r"weights of blank take .* GiB, and 0.0 GiB are free"):
        cell.tools.engine(cell.model)


def test_errors_of_python_are_told_as_what_the_model_cannot_do(blank_engine, monkeypatch):
    def torn(*_):
        raise ValueError("heads do not fit")

    monkeypatch.setattr(blank_engine, "generate", torn)
    examine = dict(preflight(lambda: blank_engine))["text"]
    with pytest.raises(AlignbenchError, match=r"blank.*cannot write here \(ValueError: heads do not fit\)"):
        examine()


def test_scores_that_are_no_numbers_are_refused(blank_engine, monkeypatch):
    monkeypatch.setattr(blank_engine, "score", lambda *_: [OptionScores((nan, nan, nan), nan)])
    checks = dict(preflight(lambda: blank_engine))
    with pytest.raises(AlignbenchError, match=r"model.dtype.*not finite"):
        checks["score"]()


def test_the_doctor_says_in_which_template_a_base_model_is_asked(compose_config, capsys, tmp_path):
    bare = shutil.copytree(SHIPPED, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    words = ("task=doctor", "model=local", f"model.path={bare}")
    with pytest.raises(AlignbenchError, match="checks failed"):
        do(compose_config(*words))
    said = capsys.readouterr().out
    assert "FAIL  model        model.template = 'own': bare has no chat template" in said
    assert said.count("as model") >= 3
    do(compose_config(*words, "model.template=plain"))
    said = capsys.readouterr().out
    assert "asked in the plain template (model.template=plain), licence unknown" in said and "All well" in said
