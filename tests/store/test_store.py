"""Stages are found by what they are: built once, reused, resumed, never confused."""

import json
import multiprocessing
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from alignbench.component import Component, recorded
from alignbench.errors import AlignbenchError
from alignbench.identity import identity
from alignbench.store.stage import Stage
from alignbench.store.store import State, Store


@dataclass(frozen=True)
class Write(Stage):
    name = "write"

    text: str
    pace: int = recorded(1)

    def build(self, folder: Path, tools):
        (folder / "out.txt").write_text(self.text)
        return {"length": len(self.text)}


@dataclass(frozen=True)
class Twice(Stage):
    name = "twice"

    before: Write

    def build(self, folder: Path, tools):
        text = (tools.folder(self.before) / "out.txt").read_text()
        (folder / "out.txt").write_text(2 * text)


def test_a_finished_stage_is_reused_and_its_facts_are_kept(tmp_path, monkeypatch):
    first = Store(tmp_path).get(Write("x"))
    monkeypatch.setattr(Write, "build", None)
    again = Store(tmp_path).get(Write("x"))
    assert again == first and (again.path / "out.txt").read_text() == "x"
    assert again.facts == {"length": 1} and again.manifest["status"] == "complete"


def test_what_a_stage_reads_is_built_before_it(tmp_path):
    store = Store(tmp_path)
    found = store.get(Twice(Write("ab")))
    assert (found.path / "out.txt").read_text() == "abab"
    assert [s.name for s in Twice(Write("ab")).chain] == ["write", "twice"]
    assert [(a.name, a.key) for a in found.upstream] == [("write", store.key(Write("ab")))]
    assert [a.name for a in found.lineage] == ["write", "twice"]


def test_the_key_is_every_field_and_nothing_else():
    assert Write("x").recipe == Write("x", pace=9).recipe
    assert len({Write("x").recipe, Write("y").recipe, Twice(Write("x")).recipe, Twice(Write("y")).recipe}) == 4


def test_another_version_or_class_is_another_stage(monkeypatch):
    @dataclass(frozen=True)
    class Impostor(Write):
        pass

    known = Write("x").recipe
    assert Impostor("x").recipe != known
    monkeypatch.setattr(Write, "version", 2)
    assert Write("x").recipe != known


def test_a_stage_reads_nothing_that_it_does_not_hold(tmp_path):
    @dataclass(frozen=True)
    class Peeks(Write):
        def build(self, folder: Path, tools):
            tools.folder(Write("secret"))

    Peeks.__module__, Peeks.__qualname__ = Write.__module__, "Write"
    with pytest.raises(AlignbenchError, match="does not rest on it"):
        Store(tmp_path).get(Peeks("x"))


def test_a_value_without_an_identity_cannot_be_an_input():
    with pytest.raises(TypeError, match="no identity"):
        _ = Write(object()).recipe


def test_a_whole_float_is_its_integer_and_a_set_has_no_order():
    assert identity(32.0) == identity(32) == 32
    assert identity({"b", "a"}) == identity(frozenset(["a", "b"]))


def test_a_component_is_its_knobs_and_what_the_run_supplies():
    @dataclass(frozen=True)
    class Knob(Component):
        size: int = 3
        speed: int = recorded(1)

    assert identity(Knob()) == identity(Knob(speed=7)) != identity(Knob(size=4))
    assert Knob(speed=7).knobs == {"size": 3}


@dataclass(frozen=True)
class Breaks(Stage):
    name = "breaks"

    fine: list = field(default_factory=list, metadata={"recorded": True})

    def build(self, folder: Path, tools):
        if not self.fine:
            (folder / "half.txt").write_text("half")
            raise RuntimeError("cut off")
        assert (folder / "half.txt").read_text() == "half"


def test_a_broken_stage_leaves_no_folder_and_goes_on_from_its_files(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(RuntimeError):
        store.get(Breaks())
    assert store.find(Breaks()) is None and store.state(Breaks()) is State.pending
    assert (store.get(Breaks([1])).path / "half.txt").exists()
    assert store.state(Breaks()) is State.done


def test_a_stage_that_lost_its_manifest_is_built_again(tmp_path):
    store = Store(tmp_path)
    lost = store.get(Write("x")).path
    (lost / "manifest.json").unlink()
    (lost / "out.txt").write_text("torn")
    again = Store(tmp_path).get(Write("x"))
    assert again.path == lost and (again.path / "out.txt").read_text() == "x"


@dataclass(frozen=True)
class Refused(Write):
    def accept(self, facts):
        raise AlignbenchError("judge", facts["length"], "it guesses")


def test_nothing_is_built_on_a_stage_that_does_not_accept_it(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(AlignbenchError, match="it guesses"):
        store.get(Twice(Refused("x")))
    assert store.find(Refused("x")) and not store.find(Twice(Refused("x")))


@dataclass(frozen=True)
class Slow(Stage):
    name = "slow"

    log: str

    def build(self, folder: Path, tools):
        with Path(self.log).open("a") as file:
            file.write("built\n")
        time.sleep(0.5)


def _get(root, log):
    Store(Path(root)).get(Slow(str(log)))


def test_two_identical_commands_build_once(tmp_path):
    log = tmp_path / "log"
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_get, args=(tmp_path / "store", log)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [w.exitcode for w in workers] == [0, 0]
    assert log.read_text() == "built\n"


def test_the_manifest_says_how_it_came_to_be(tmp_path):
    store = Store(tmp_path)
    record = json.loads((store.get(Twice(Write("x"))).path / "manifest.json").read_text())
    assert {"stage", "key", "inputs", "upstream", "components", "code", "facts"} <= set(record)
    assert {"versions", "wall_seconds", "peak_memory_mib", "git", "finished"} <= set(record)
    assert record["inputs"]["before"] == {"stage": "write", "recipe": Write("x").recipe}
    assert __name__ in record["code"]
