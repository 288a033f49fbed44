"""A finished cell whose files are damaged, each in every way: found, set aside, and built again to the same numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.record.finished import finished as finished_cells
from alignbench.runs.compare import compare
from alignbench.store.seal import MANIFEST
from alignbench.store.store import flaw, stored
from alignbench.task.doctor import _store
from tests.faults.damage import DAMAGE, harm

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def finished(planted_cell, tmp_path_factory):
    """A cell that trains, to be composed again, its store, and its rows."""
    folder = tmp_path_factory.mktemp("damage")

    def cell():
        return planted_cell(folder, "method=survey_rl", "training.updates=4", "control=false")

    return cell, folder / "store", compare(cell())[0].rows


def stages_of(store):
    """Every finished stage, read from the disk."""
    return [
        artifact for folder in sorted(store.iterdir()) if folder.is_dir() for artifact in stored(store, folder.name)
    ]


@pytest.mark.parametrize("kind", DAMAGE)
def test_every_file_of_every_stage_is_watched(finished, kind):
    _, store, _ = finished
    stages = stages_of(store)
    files = [(a, file) for a in stages for file in sorted(a.path.rglob("*")) if file.is_file() and file.stat().st_size]
    assert len({a.name for a in stages}) >= 5 and len(files) > 15
    for artifact, file in files:
        content = file.read_bytes()
        harm(file, kind)
        reason = flaw(replace(artifact))
        file.write_bytes(content)
        assert reason is not None and reason.startswith(file.relative_to(artifact.path).as_posix()), (file, reason)
        assert flaw(replace(artifact)) is None


def test_a_board_leaves_out_what_was_damaged_and_the_doctor_names_it(finished, capsys):
    _, store, _ = finished
    (score,) = stored(store, "score")
    assert len(finished_cells(store)) == 1 and f"{len(stages_of(store))} stages as they were written" in _store(store)
    kept = (score.path / "items.parquet").read_bytes()
    harm(score.path / "items.parquet", "flipped")
    with pytest.raises(AlignbenchError, match="holds no finished cell"):
        finished_cells(store)
    assert f"left out: {score.path} (items.parquet has changed" in capsys.readouterr().out
    with pytest.raises(AlignbenchError, match=f"score/{score.key}: items.parquet has changed"):
        _store(store)
    (score.path / "items.parquet").write_bytes(kept)


@pytest.mark.parametrize("kind", DAMAGE)
def test_the_same_command_ends_in_the_same_numbers(finished, kind, capsys):
    cell, store, rows = finished
    stages = stages_of(store)
    for artifact in stages:
        files = [file for file in artifact.path.rglob("*") if file.is_file() and file.name != MANIFEST]
        harm(max(files, key=lambda file: file.stat().st_size, default=artifact.path / MANIFEST), kind)
    again = compare(cell())[0].rows
    assert capsys.readouterr().out.count("  damage ") == len(stages)
    assert [replace(row, key="") for row in again] == [replace(row, key="") for row in rows]
