"""Cells and boards as runs of W&B."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from alignbench.tracking.content import BoardContent, Content
from alignbench.tracking.push import Destination
from alignbench.tracking.wandb import Wandb
from alignbench.tracking.weights import weights


@contextmanager
def session(knobs: Wandb, key: str, **facts: Any) -> Iterator[Any]:
    """The run ``key``, new or continued, finished at the end of the block."""
    home = Path(knobs.folder).absolute() / WandbRuns.folder
    home.mkdir(parents=True, exist_ok=True)
    for variable, place in {"WANDB_DATA_DIR": "data", "WANDB_CACHE_DIR": "cache", "WANDB_CONFIG_DIR": "config"}.items():
        os.environ.setdefault(variable, str(home / place))  # else artifacts of offline runs wait in the home folder
    import wandb

    run = wandb.init(
        project=knobs.project,
        entity=knobs.entity or None,
        id=key,
        dir=home.parent,
        mode="online" if knobs.online else "offline",
        resume="allow",
        # Silent, patient for ``timeout`` seconds, and without host, code, git, packages and system figures.
        settings=wandb.Settings(
            silent=True,
            console="off",
            init_timeout=knobs.timeout,
            finish_timeout=knobs.timeout,
            finish_timeout_raises=True,
            host="alignbench",
            program="alignbench",
            disable_git=True,
            disable_code=True,
            save_code=False,
            x_disable_meta=True,
            x_disable_stats=True,
            x_disable_machine_info=True,
            x_save_requirements=False,
        ),
        **facts,
    )
    failed = True
    try:
        yield run
        failed = False
    finally:
        run.finish(exit_code=int(failed))


@dataclass(frozen=True)
class WandbRuns(Destination):
    """A run per cell, whose id is the key of its ``score`` stage, and one per board."""

    knobs: Wandb
    title: ClassVar[str] = "W&B"
    folder: ClassVar[str] = "wandb"

    @property
    def place(self) -> str:
        """Account and project, apart for files and server."""
        return "-".join(("online" if self.knobs.online else "offline", self.knobs.entity, self.knobs.project))

    @property
    def where(self) -> str:
        """The project on the server, or the command that sends the files there."""
        if self.knobs.online:
            return f"look at project {'/'.join(filter(None, (self.knobs.entity, self.knobs.project)))}"
        return f"send with: wandb sync {self.home}/offline-run-*"

    def cell(self, content: Content, group: str) -> None:
        """A run with curves, tables, pictures and weights; one that the server has half of goes on after its end."""
        import wandb

        with session(
            self.knobs,
            content.key,
            name=content.name,
            group=group,
            job_type=content.config["method"],
            tags=[tag[:64] for tag in content.tags],
            notes=content.notes,
            config=dict(content.config),
        ) as run:
            run.define_metric("train/*", step_metric="train/update")
            last = 0
            for row in content.curves:
                last = int(row["update"])
                if last >= run.starting_step:
                    run.log({f"train/{name}": value for name, value in row.items()}, step=last)
            if last + 1 >= run.starting_step:
                media = {name: _table(table) for name, table in content.tables.items()}
                media |= {name: wandb.Image(str(path)) for name, path in content.pictures.items()}
                run.log(media, step=last + 1)
            run.summary.update(content.summary)
            with weights(content, self.knobs) as found:
                if found:
                    run.log_artifact(found.artifact(wandb))

    def board(self, content: BoardContent) -> None:
        """A run with the pooled board as a table, and its pictures."""
        import wandb

        facts = {"name": content.name, "group": content.group, "job_type": "board", "tags": ["board"]}
        with session(self.knobs, content.key, **facts) as run:
            media: dict[str, Any] = {"pooled_board": _table(content.table)}
            for name, pictures in content.pictures.items():
                media[name] = [wandb.Image(str(path), caption=caption) for caption, path in pictures.items()]
            run.log({name: value for name, value in media.items() if value})


def _table(table: pd.DataFrame) -> Any:
    import wandb

    return wandb.Table(columns=list(table), data=table.to_numpy().tolist(), allow_mixed_types=True)
