"""Where a page comes from: the command, the version and the time that every page names."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from alignbench.files import read_object
from alignbench.record.finished import FinishedCell, config_of
from alignbench.record.stored import Manifest
from alignbench.store.manifest import git_revision, versions
from alignbench.store.seal import MANIFEST

_PROGRAM = "python -m alignbench"
# Where results go is the reader's own affair.
_PLACES = ("store=", "reports=")


@dataclass(frozen=True)
class Origin:
    """What stands at the end of a page.

    Attributes:
        command: that makes the same page from an own store; empty where the run left none.
        version: of alignbench when the newest of the figures was made, with its revision; empty where it left none.
        finished: when that was, UTC; empty where it left none.
    """

    command: str = ""
    version: str = ""
    finished: str = ""

    @classmethod
    def of_command(cls, overrides: Iterable[str]) -> Origin:
        """The origin of a page that this version makes from a command line."""
        return cls.of({"versions": versions(), "git": git_revision()}, overrides)

    @classmethod
    def of_cell(cls, stage: Path) -> Origin:
        """The origin of the page of a score stage."""
        manifest = read_object(stage / MANIFEST) if (stage / MANIFEST).is_file() else None
        return cls.of(manifest or {}, config_of(stage).get("overrides", ()))

    @classmethod
    def of_board(cls, cells: Sequence[FinishedCell]) -> Origin:
        """The origin of the board of these cells."""
        newest = max(cells, key=lambda cell: str(cell.manifest["finished"]))
        return cls.of(newest.manifest, ["task=report"])

    @classmethod
    def of(cls, manifest: Manifest, overrides: Iterable[str] = ()) -> Origin:
        """What a manifest tells, and the command line where one is known."""
        words = [word for word in overrides if not word.startswith(_PLACES)]
        git = str(manifest.get("git") or "")
        known = (manifest.get("versions", {}).get("alignbench"), git and git[:7] + git[40:])
        finished = str(manifest.get("finished", "")).replace("T", " ").removesuffix("Z")
        return cls(f"{_PROGRAM} {shlex.join(words)}" if words else "", " ".join(filter(None, known)), finished)
