"""Cells and boards to a tracker, each once; a server that is down costs one warning and nothing else."""

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from filelock import FileLock

from alignbench.files import written
from alignbench.progress import say
from alignbench.record.finished import FinishedCell, finished, with_items
from alignbench.record.lineage import Lineage
from alignbench.report.board import MAPS
from alignbench.report.board.groups import groups
from alignbench.store.manifest import write_json
from alignbench.tracking import Tracker
from alignbench.tracking.content import BoardContent, Content, heat_maps, table
from alignbench.tracking.project import ProjectTracking


@dataclass(frozen=True)
class PushLog:
    """One small file per pushed run. Delete the folder to push everything again."""

    folder: Path

    @contextmanager
    def held(self, run: str) -> Iterator[dict[str, Any]]:
        """What is known of ``run``, for one process at a time; empty if it was never pushed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / f"{run}.lock"):
            file = self._file(run)
            yield json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    def note(self, run: str, facts: Mapping[str, Any]) -> None:
        """Remember that ``run`` was pushed."""
        write_json(self._file(run), facts)

    def groups(self) -> dict[str, list[str]]:
        """Keys of the pushed cells by group, both in order of name."""
        found: dict[str, list[str]] = {}
        for file in written(self.folder, "*.json"):
            for group in json.loads(file.read_text(encoding="utf-8")).get("groups", ()):
                found.setdefault(group, []).append(file.stem)
        return dict(sorted(found.items()))

    def _file(self, run: str) -> Path:
        return self.folder / f"{run}.json"


class Destination(ABC):
    """Where runs go: what a tracker's package is told of a cell and of a board.

    Attributes:
        title: the tracker's name.
        folder: name of its folder below ``knobs.folder``.
    """

    knobs: ProjectTracking
    title: ClassVar[str]
    folder: ClassVar[str]

    @property
    def home(self) -> Path:
        """Folder of its files."""
        return Path(self.knobs.folder) / self.folder

    @property
    @abstractmethod
    def place(self) -> str:
        """Tells apart what was pushed to different projects."""

    @property
    @abstractmethod
    def where(self) -> str:
        """Where a person finds the runs, for a line."""

    @abstractmethod
    def cell(self, content: Content, group: str) -> None:
        """Show a cell; whatever goes wrong is raised."""

    @abstractmethod
    def board(self, content: BoardContent) -> None:
        """Show a pooled board; whatever goes wrong is raised."""


# Destinations that failed in this process: a sweep must not wait for each of its cells.
_given_up: set[Path] = set()
# Where runs are, as far as it was said in this process.
_told: set[str] = set()


@dataclass(frozen=True)
class Pusher(Tracker):
    """Pushes what the log of this destination does not know yet, and says what became of it."""

    to: Destination
    reports: Path

    @property
    def log(self) -> PushLog:
        """What was pushed to this project."""
        return PushLog(self.to.home / "pushed" / _name(self.to.place))

    def cell(self, stage: Path, experiment: str | None = None, quiet: bool = False) -> None:
        """Push the cell unless it is there; a cell of several experiments stands in the group of the first."""
        content, knobs = Content.of(stage), self.to.knobs
        group = knobs.group or experiment or content.experiment or knobs.project
        with self.log.held(content.key) as known:
            groups = list(dict.fromkeys([*known.get("groups", ()), group]))
            if not known and not self._sent(partial(self.to.cell, content, group)):
                return
            self.log.note(content.key, {"groups": groups, "name": content.name})
        if not (known and quiet):
            say(f"{self.to.title}: {content.name} {'was there before' if known else 'is shown'}")
        self._tell_where()

    def boards(self, store: Path) -> None:
        """Push the pooled board of every group whose cells or maps changed since the last time."""
        pushed, title = self.log.groups(), self.to.title
        if not pushed:
            say(f"{title}: no cell is shown")
            return
        known_cells = finished(store)
        cells = {stage.name: cell for cell in known_cells for stage in (*cell.older, cell.stage)}
        maps = sorted(self.reports.glob(MAPS))
        for group, keys in pushed.items():
            found = list({cells[key].stage: cells[key] for key in keys if key in cells}.values())
            digest = hashlib.sha256(
                repr([[cell.stage.name for cell in found], [m.read_bytes() for m in maps]]).encode()
            ).hexdigest()[:16]
            key = f"board-{_name(group)}"
            with self.log.held(key) as known:
                same = known.get("digest") == digest
                if found and not same and self._sent(partial(self._board, key, group, found, store, maps)):
                    self.log.note(key, {"digest": digest})
            if found:
                say(
                    f"{title}: {len(found)} cells of {group}, {'board as before' if same else 'board'}: {self.to.where}"
                )
        left = [c for c in known_cells if not {s.name for s in (c.stage, *c.older)} & set(chain(*pushed.values()))]
        if left:
            say(f"{title}: {len(left)} cells of {store} are not shown: task=track shows them")
        self._tell_where()

    def _tell_where(self) -> None:
        """Once a process, in a line of its own: it may be long."""
        if self.to.where not in _told:
            _told.add(self.to.where)
            say(f"{self.to.title}: {self.to.where}")

    def _board(self, key: str, group: str, cells: list[FinishedCell], store: Path, maps: list[Path]) -> None:
        boards, folder = groups(with_items(cells), Lineage(store)), self.to.home / "pictures" / _name(group)
        pictures = {"heat_map": heat_maps(boards, folder), "cultural_map": maps}
        named = {name: {f"{path.parent.name} {path.stem}": path for path in found} for name, found in pictures.items()}
        self.to.board(BoardContent(key, group, table(boards), named))

    def _sent(self, push: Callable[[], None]) -> bool:
        """Whether it went through; a failure is said once a process."""
        destination = self.log.folder.absolute()
        if destination in _given_up:
            return False
        try:
            push()
        except Exception as error:  # whatever the client raises, the cell is safe in the store
            _given_up.add(destination)
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            say(f"warning: nothing goes to {self.to.title} ({reason}). Nothing is lost: push the store by task=track")
            return False
        return True


def _name(text: str) -> str:
    """``text`` as file name and run id may be."""
    return re.sub(r"[^\w.-]+", "_", text)
