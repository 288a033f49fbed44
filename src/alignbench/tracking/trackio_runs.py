"""Cells and boards as runs of trackio: the same content as in W&B, as far as trackio has a place for it.

It has no summary, so that the figures are logged at the last step; and no list of pictures, so that each has a name.
"""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from alignbench.tracking.content import BoardContent, Content
from alignbench.tracking.push import Destination
from alignbench.tracking.trackio import Trackio
from alignbench.tracking.weights import weights

# The variable that says where trackio's files go.
_PLACE = "TRACKIO_DIR"


@contextmanager
def session(to: "TrackioRuns", name: str, group: str, config: dict[str, Any]) -> Iterator[Any]:
    """The run ``name``, in place of one that was left half done, finished at the end of the block.

    Raises:
        RuntimeError: trackio warned; it goes on without what it could not keep, and we do not.
    """
    trackio = _package(to)
    project, space = to.knobs.project, to.knobs.space or None
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        if space is None:
            _forget(trackio, project, name)
        run = trackio.init(
            project=project,
            name=name,
            group=group,
            config=config,
            space_id=space,
            resume="never" if space is None else "allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        try:
            yield run
        finally:
            trackio.finish()
    said = [str(warning.message) for warning in caught if "trackio" in str(warning.message).lower()]
    if said:
        raise RuntimeError(said[0])


@dataclass(frozen=True)
class TrackioRuns(Destination):
    """A run per cell, called by its page and the start of its key, and one per board."""

    knobs: Trackio
    title: ClassVar[str] = "trackio"
    folder: ClassVar[str] = "trackio"

    @property
    def place(self) -> str:
        """Space and project."""
        return "-".join((self.knobs.space or "files", self.knobs.project))

    @property
    def where(self) -> str:
        """The Space, or the command that shows the files."""
        if self.knobs.space:
            return f"look at Space {self.knobs.space}"
        files = os.environ.get(_PLACE, self.home)
        return f"look with: {_PLACE}={files} trackio show --project {self.knobs.project}"

    def cell(self, content: Content, group: str) -> None:
        """A run with curves, figures, tables, pictures and weights."""
        trackio = _package(self)
        facts = {"run": content.name, "tags": list(content.tags), "notes": content.notes, "key": content.key}
        name = f"{content.name}-{content.key[:8]}"
        with session(self, name, group, {**facts, **content.config}) as run:
            last = 0
            for row in content.curves:
                last = int(row["update"])
                run.log({f"train/{name}": value for name, value in row.items()}, step=last)
            media = {name: _table(trackio, table) for name, table in content.tables.items()}
            media |= {name: trackio.Image(str(path)) for name, path in content.pictures.items()}
            run.log({**content.summary, **media}, step=last + 1)
            with weights(content, self.knobs) as found:
                if found:
                    run.log_artifact(found.artifact(trackio))

    def board(self, content: BoardContent) -> None:
        """A run with the pooled board as a table, and its pictures."""
        trackio = _package(self)
        with session(self, content.name, content.group, {"tags": ["board"], "key": content.key}) as run:
            media: dict[str, Any] = {"pooled_board": _table(trackio, content.table)}
            for name, pictures in content.pictures.items():
                media |= {f"{name}/{at}": trackio.Image(str(p), caption=at) for at, p in pictures.items()}
            run.log(media)


def _package(to: TrackioRuns) -> Any:
    """The package, told where its files go before it is imported: it asks only then."""
    os.environ.setdefault(_PLACE, str(to.home.absolute()))
    import trackio

    return trackio


def _forget(trackio: Any, project: str, name: str) -> None:
    try:
        runs = list(trackio.Api().runs(project))
    except ValueError:  # the project is new
        return
    for run in runs:
        if run.name == name:
            run.delete()


def _table(trackio: Any, table: pd.DataFrame) -> Any:
    return trackio.Table(dataframe=table)
