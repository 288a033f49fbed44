"""What a finished stage left is listed; a change of it is found, named and mended."""

from __future__ import annotations

import json

import pytest

from alignbench.store.seal import MANIFEST, damage, sealed
from alignbench.store.store import Store, flaw, stored
from tests.faults.damage import DAMAGE, harm
from tests.store.test_store import Twice, Write


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("name", ["out.txt", MANIFEST])
def test_damage_is_set_aside_and_built_again(tmp_path, kind, name, capsys):
    made = Store(tmp_path).get(Write("x1")).path
    harm(made / name, kind)
    assert Store(tmp_path).get(Write("x1")).path == made
    said = capsys.readouterr().out
    assert f"damage write/{made.name}: {name} " in said and f"kept as {made.name}.damaged" in said
    assert (made / "out.txt").read_text() == "x1" and flaw(stored(tmp_path, "write")[0]) is None
    harm(made / name, kind)
    Store(tmp_path).get(Write("x1"))
    assert sorted(path.suffix for path in made.parent.iterdir() if path.is_dir()) == ["", ".damaged", ".damaged1"]


@pytest.mark.parametrize("kind", DAMAGE)
def test_nothing_is_built_on_damage(tmp_path, kind):
    store = Store(tmp_path)
    before = store.get(Write("ab")).path
    harm(before / "out.txt", kind)
    found = Store(tmp_path).get(Twice(Write("ab")))
    assert (found.path / "out.txt").read_text() == "abab"


def test_what_came_later_is_nobodys_figure(tmp_path):
    made = Store(tmp_path).get(Write("x")).path
    (made / "uploaded.json").write_text("{}")
    assert flaw(stored(tmp_path, "write")[0]) is None


def test_a_manifest_without_a_seal_tells_nothing(tmp_path):
    assert damage(tmp_path, {"stage": "write"}) is None
    (tmp_path / "a").write_text("a")
    record = sealed({"stage": "write"}, tmp_path)
    assert damage(tmp_path, json.loads(json.dumps(record))) is None
    assert damage(tmp_path, {**record, "stage": "wrote"}) == f"{MANIFEST} has changed since it was written"
