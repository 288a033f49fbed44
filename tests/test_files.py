"""Files are whole or absent, and what a killed process left half written is no file."""

import pytest

from alignbench.files import replacing, write_text, written
from alignbench.tracking.push import PushLog
from alignbench.training.options import Checkpoints


def leave_half(path) -> None:
    """What :func:`replacing` leaves of ``path`` when its process is killed."""
    with replacing(path) as partial:
        half = partial
        partial.write_text("{", encoding="utf-8")
    half.write_text("{", encoding="utf-8")
    path.unlink()


def test_an_error_leaves_the_old_file(tmp_path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "old")
    with pytest.raises(OSError), replacing(path) as partial:
        partial.write_text("half", encoding="utf-8")
        raise OSError("no space left")
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]


def test_half_a_file_is_not_listed(tmp_path) -> None:
    leave_half(tmp_path / "a.json")
    write_text(tmp_path / "b.json", "{}")
    assert len(list(tmp_path.glob("*.json"))) == 2
    assert written(tmp_path, "*.json") == [tmp_path / "b.json"]


def test_half_a_checkpoint_is_none(tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(3, {"update": 3})
    (checkpoints.folder / "000004").mkdir()
    leave_half(checkpoints.folder / "000004" / "state.pt")
    assert checkpoints.last() == 3 and not (checkpoints.folder / "000004").exists()
    checkpoints.keep({3})
    assert checkpoints.load(3) == {"update": 3}


def test_half_a_note_on_a_pushed_run_is_none(tmp_path) -> None:
    pushed = PushLog(tmp_path)
    pushed.folder.mkdir(exist_ok=True)
    pushed.note("whole", {"groups": ["a"]})
    leave_half(pushed.folder / "half.json")
    assert pushed.groups() == {"a": ["whole"]}
