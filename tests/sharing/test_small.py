"""What must hold without a model: paths, hub ids, the push."""

import json

import pytest

from alignbench.errors import AlignbenchError
from alignbench.sharing.card import public
from alignbench.sharing.folder import policy_json
from alignbench.sharing.hub import check_push, hub_id, push
from alignbench.types import Item, PromptPolicy, Sampling, Scale


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("model.path=/data/models/Qwen2.5-3B", "model.path=Qwen2.5-3B"),
        ("~/surveys/wvs.csv", "wvs.csv"),
        (["/a/b/c", 0.5], "c, 0.5"),
        ({"path": "/a/b"}, "path b"),
        ("Qwen/Qwen2.5-3B-Instruct", "Qwen/Qwen2.5-3B-Instruct"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("and/or", "and/or"),
    ],
)
def test_of_a_path_only_the_last_part_is_told(value, text):
    assert public(value) == text


def test_a_hub_id_is_told_from_folders_and_builtins(tmp_path, monkeypatch):
    assert hub_id({"path": "Qwen/Qwen2.5-3B-Instruct"}) == "Qwen/Qwen2.5-3B-Instruct"
    assert hub_id({"path": "builtin:nano"}) is None and hub_id({"path": str(tmp_path)}) is None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models/mine").mkdir(parents=True)
    assert hub_id({"path": "models/mine"}) is None


class OfItem(PromptPolicy):
    def systems_for(self, item):
        return (f"About {item.id}.",)

    @property
    def parts(self):
        return {"of": "item"}


def test_texts_that_depend_on_the_question_stand_under_its_id():
    items = [
        Item(name, "t", "b", Scale.binary, (1, 2), "c", None, f"{name}?", ("yes", "no"), ("a", "b"))
        for name in ("Q1", "Q2")
    ]
    assert policy_json(OfItem(), items)["items"]["Q2"] == {"question": "Q2?", "systems": ["About Q2."]}
    shared = policy_json(PromptPolicy(("Be brief.",), reasoning=Sampling(n=3)), items)
    assert shared["systems"] == ["Be brief."] and shared["reasoning"]["n"] == 3
    json.dumps(shared)


@pytest.fixture
def api(monkeypatch):
    import huggingface_hub

    calls = []

    class Api:
        def create_repo(self, repo, **facts):
            calls.append(("create", repo, facts))
            return f"https://huggingface.co/{repo}"

        def upload_folder(self, **facts):
            if facts["repo_id"].startswith("down/"):
                raise OSError("no network")
            calls.append(("upload", facts["repo_id"], facts["folder_path"]))

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    return calls


def test_a_push_makes_a_private_repository_and_uploads_the_folder(api, tmp_path):
    assert push(tmp_path, "me/iraq", private=True) == "https://huggingface.co/me/iraq"
    made = {"private": True, "exist_ok": True, "repo_type": "model"}
    assert api == [("create", "me/iraq", made), ("upload", "me/iraq", tmp_path)]
    with pytest.raises(AlignbenchError, match=r"no network.*folder is at"):
        push(tmp_path, "down/iraq", private=True)


@pytest.mark.parametrize(("repo", "message"), [("iraq", "owner/name"), ("a/b/c", "owner/name"), ("me/iraq", "token")])
def test_a_push_that_can_not_work_is_refused_before_anything_is_written(api, repo, message):
    with pytest.raises(AlignbenchError, match=message):
        check_push(repo)
