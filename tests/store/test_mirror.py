"""Stages that go to an object store and come back are the same, or do not come back."""

from __future__ import annotations

import json
import uuid

import fsspec
import pytest
from filelock import FileLock

from alignbench.errors import AlignbenchError
from alignbench.store.mirror import Mirror
from alignbench.store.seal import MANIFEST
from alignbench.store.store import Store, flaw, stored
from alignbench.task.mirror import MirrorTask, Way
from alignbench.testing import composed
from tests.store.test_store import Twice, Write


@pytest.fixture(params=["memory", "file"])
def address(request, tmp_path):
    """A place of its own on each kind of store that needs no network."""
    return f"memory://{uuid.uuid4().hex}" if request.param == "memory" else f"file://{tmp_path}/bucket"


@pytest.fixture
def pushed(address, tmp_path):
    """Two stages in the mirror, one of which reads the other; the files as they were."""
    store = Store(tmp_path / "one")
    found = store.get(Twice(Write("ab")))
    folders = [found.path, *(artifact.path for artifact in found.upstream)]
    places = sorted(f"{folder.parent.name}/{folder.name}" for folder in folders)
    assert sorted(Mirror(address).push(tmp_path / "one")) == places
    return {place: contents(tmp_path / "one" / place) for place in places}


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def remote(address, name):
    """The files of that name in the mirror."""
    files, base = fsspec.url_to_fs(address)
    return files, files.glob(f"{base}/*/*/{name}")


def test_what_comes_back_is_what_was_sent_and_is_used(address, pushed, tmp_path):
    assert sorted(Mirror(address).pull(tmp_path / "two")) == sorted(pushed)
    assert {place: contents(tmp_path / "two" / place) for place in pushed} == pushed
    found = Store(tmp_path / "two")
    found.get(Twice(Write("ab")))
    assert found.built == []
    assert Mirror(address).pull(tmp_path / "two") == Mirror(address).push(tmp_path / "two") == []


def test_some_stages_go_alone(address, tmp_path):
    Store(tmp_path / "one").get(Twice(Write("ab")))
    (place,) = Mirror(address, ("twice",)).push(tmp_path / "one")
    assert place.startswith("twice/")
    Mirror(address).push(tmp_path / "one")
    assert [p.split("/")[0] for p in Mirror(address, ("write",)).pull(tmp_path / "two")] == ["write"]


@pytest.mark.parametrize("name", ["out.txt", MANIFEST])
def test_what_was_changed_there_is_not_taken(address, pushed, tmp_path, name):
    files, found = remote(address, name)
    for path in found:
        files.pipe_file(path, files.cat_file(path).replace(b"a", b"b", 1))
    with pytest.raises(AlignbenchError, match="it is not taken"):
        Mirror(address).pull(tmp_path / "two")
    assert stored(tmp_path / "two", "write") == stored(tmp_path / "two", "twice") == []


def test_a_manifest_that_points_elsewhere_writes_nothing_there(address, pushed, tmp_path):
    files, found = remote(address, MANIFEST)
    for path in found:
        record = json.loads(files.cat_file(path))
        files.pipe_file(path, json.dumps({**record, "files": {"../../../stolen": {}}}).encode())
    with pytest.raises(AlignbenchError, match="lies outside of it"):
        Mirror(address).pull(tmp_path / "two")
    assert not list(tmp_path.rglob("stolen"))


def test_what_was_cut_short_there_does_not_count(address, pushed, tmp_path):
    files, found = remote(address, MANIFEST)
    for path in found:
        files.rm_file(path)
    assert Mirror(address).pull(tmp_path / "two") == []
    assert len(Mirror(address).push(tmp_path / "one")) == 2


def test_a_damaged_stage_is_not_sent_and_a_damaged_one_here_is_replaced(address, pushed, tmp_path, capsys):
    (here,) = stored(tmp_path / "one", "write")
    (here.path / "out.txt").write_text("no")
    other = f"memory://{uuid.uuid4().hex}"
    assert [p.split("/")[0] for p in Mirror(other).push(tmp_path / "one")] == ["twice"]
    (here.path / "out.txt").write_text("longer")
    assert Mirror(address).pull(tmp_path / "one") == [f"write/{here.key}"]
    assert flaw(stored(tmp_path / "one", "write")[0]) is None and "kept as" in capsys.readouterr().out


def test_a_stage_that_is_being_built_here_is_left_alone(address, pushed, tmp_path):
    (place,) = [place for place in pushed if place.startswith("write/")]
    (tmp_path / "two/write").mkdir(parents=True)
    with FileLock(tmp_path / "two" / f"{place}.lock"):
        assert place not in Mirror(address).pull(tmp_path / "two")


def test_an_address_that_cannot_be_used_is_refused(tmp_path):
    cfg = composed("task=mirror", f"store={tmp_path}")
    for task in (
        MirrorTask(),
        MirrorTask("nowhere://bucket"),
        MirrorTask("file:///proc/none/here", way=Way.push),
    ):
        Store(tmp_path).get(Write("x"))
        with pytest.raises(AlignbenchError, match=r"task\.address"):
            task.main(cfg)
