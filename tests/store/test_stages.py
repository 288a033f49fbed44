import json
import multiprocessing
import time
from pathlib import Path

import pytest

from alignbench.store.key import key_of
from alignbench.store.stages import Pending, Store


def write(text):
    def build(folder: Path):
        (folder / "out.txt").write_text(text)
        return {"length": len(text)}

    return build


def test_a_finished_stage_is_reused_and_its_facts_are_kept(tmp_path):
    first = Store(tmp_path).stage("fit", {"a": 1}, write("x"))
    again = Store(tmp_path).stage("fit", {"a": 1}, write("never written"))
    assert (again.path / "out.txt").read_text() == "x"
    assert again.key == first.key
    assert again.facts == {"length": 1}
    assert again.manifest["status"] == "complete"


def test_any_part_changes_the_key(tmp_path):
    keys = {
        key_of("fit", 1, {"a": 1}),
        key_of("fit", 2, {"a": 1}),
        key_of("fit", 1, {"a": 2}),
        key_of("norms", 1, {"a": 1}),
    }
    assert len(keys) == 4
    assert key_of("fit", 1, {"a": 1, "b": 2}) == key_of("fit", 1, {"b": 2, "a": 1})


def test_a_broken_stage_leaves_no_folder_and_goes_on_from_its_files(tmp_path):
    def breaks(folder: Path):
        (folder / "half.txt").write_text("half")
        raise RuntimeError("cut off")

    def goes_on(folder: Path):
        assert (folder / "half.txt").read_text() == "half"

    store = Store(tmp_path)
    with pytest.raises(RuntimeError):
        store.stage("fit", {"a": 1}, breaks)
    key = key_of("fit", 1, {"a": 1})
    assert not (tmp_path / "fit" / key).exists()
    assert (store.stage("fit", {"a": 1}, goes_on).path / "half.txt").exists()


def test_a_planner_names_the_missing_stage(tmp_path):
    with pytest.raises(Pending, match="fit/"):
        Store(tmp_path, build_missing=False).stage("fit", {"a": 1}, write("x"))


def _build_slowly(root, log):
    def build(folder: Path):
        with Path(log).open("a") as f:
            f.write("built\n")
        time.sleep(0.5)

    Store(Path(root)).stage("fit", {"a": 1}, build)


def test_two_identical_commands_build_once(tmp_path):
    log = tmp_path / "log"
    workers = [
        multiprocessing.get_context("fork").Process(target=_build_slowly, args=(tmp_path, log)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [w.exitcode for w in workers] == [0, 0]
    assert log.read_text() == "built\n"


def test_the_manifest_is_complete_json(tmp_path):
    stage = Store(tmp_path).stage("norms", {"country": "IRQ"}, write("x"))
    record = json.loads((stage.path / "manifest.json").read_text())
    assert {"stage", "key", "parts", "facts", "versions", "wall_seconds", "peak_memory_mib", "git"} <= set(record)
