"""Checkpoints of a training under way: folders that count once they are whole, and for as long as they stay so."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from alignbench import ranks
from alignbench.progress import say
from alignbench.store.manifest import write_json
from alignbench.store.seal import difference, listing

CHECKPOINTS = "checkpoints"
# Written last of all: the list of a checkpoint's files. One without it was cut short.
_FILES = "files.json"


def close(folder: Path) -> None:
    """Call a checkpoint whole."""
    write_json(folder / _FILES, listing(folder))


def newest(found: Mapping[int, Path]) -> int:
    """The update of the newest checkpoint that a training may go on from, 0 where there is none.

    What was cut short is removed. One that is no longer as it was written is said and removed, and so are those
    after it, since what was best so far may be that one. Rank 0 decides for all.

    Args:
        found: update -> folder of its checkpoint.
    """
    return ranks.agreed(_swept(found) if ranks.is_main() else 0)


def _swept(found: Mapping[int, Path]) -> int:
    last, sound = 0, True
    for update, folder in sorted(found.items()):
        closed = (folder / _FILES).is_file()
        if sound and closed and (reason := _damage(folder)):
            origin = f"update {last}" if last else "its beginning"
            say(f"  damage checkpoint {update}: {reason}; the training goes on from {origin}")
            sound = False
        if sound and closed:
            last = update
        else:
            shutil.rmtree(folder)
    return last


def _damage(folder: Path) -> str | None:
    try:
        return difference(folder, json.loads((folder / _FILES).read_text(encoding="utf-8")))
    except (ValueError, AttributeError, KeyError, TypeError):
        return f"{_FILES} cannot be read"
