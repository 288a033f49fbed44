"""Cells and boards to W&B, each once; a server that is down costs one warning and nothing else."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from alignbench.files import written
from alignbench.progress import say
from alignbench.record.finished import finished, with_items
from alignbench.record.lineage import Lineage
from alignbench.report.board import MAPS
from alignbench.report.board.groups import CultureBoard, groups
from alignbench.sharing.folder import adapter_config, hub_id
from alignbench.store.manifest import write_json
from alignbench.tracking import Tracker
from alignbench.tracking.content import Content, heat_maps, table
from alignbench.tracking.wandb import Upload, Wandb


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


@contextmanager
def session(knobs: Wandb, key: str, **facts: Any) -> Iterator[Any]:
    """The run ``key``, new or continued, finished at the end of the block."""
    home = Path(knobs.folder).absolute() / "wandb"
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


# Destinations that failed in this process: a sweep must not wait for each of its cells.
_given_up: set[Path] = set()


@dataclass(frozen=True)
class Pusher(Tracker):
    """Pushes what the log of this destination does not know yet."""

    knobs: Wandb
    reports: Path

    @property
    def log(self) -> PushLog:
        """What was pushed to this project, apart for files and server."""
        place = "-".join(("online" if self.knobs.online else "offline", self.knobs.entity, self.knobs.project))
        return PushLog(Path(self.knobs.folder) / "wandb" / "pushed" / _name(place))

    def cell(self, stage: Path, experiment: str | None = None) -> None:
        """Push the cell unless it is there; a cell of several experiments stands in the group of the first."""
        content = Content.of(stage)
        group = self.knobs.group or experiment or content.experiment or self.knobs.project
        with self.log.held(content.key) as known:
            groups = list(dict.fromkeys([*known.get("groups", ()), group]))
            if not known and not self._sent(partial(self._push, content, group)):
                return
            self.log.note(content.key, {"groups": groups, "name": content.name})

    def boards(self, store: Path) -> None:
        """Push the pooled board of every group whose cells or maps changed since the last time."""
        pushed = self.log.groups()
        known_cells = finished(store) if pushed else []
        cells = {stage.name: cell for cell in known_cells for stage in (*cell.older, cell.stage)}
        maps = sorted(self.reports.glob(MAPS))
        for group, keys in pushed.items():
            found = list({cells[key].stage: cells[key] for key in keys if key in cells}.values())
            digest = hashlib.sha256(
                repr([[cell.stage.name for cell in found], [m.read_bytes() for m in maps]]).encode()
            ).hexdigest()[:16]
            key = f"board-{_name(group)}"
            with self.log.held(key) as known:
                if not found or known.get("digest") == digest:
                    continue
                push = partial(self._push_board, key, group, groups(with_items(found), Lineage(store)), maps)
                if self._sent(push):
                    self.log.note(key, {"digest": digest})

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
            say(f"warning: nothing goes to W&B ({reason}). Nothing is lost: push the store later with task=track")
            return False
        return True

    def _push(self, content: Content, group: str) -> None:
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
                media = {name: _wandb_table(table) for name, table in content.tables.items()}
                media |= {name: wandb.Image(str(path)) for name, path in content.pictures.items()}
                run.log(media, step=last + 1)
            run.summary.update(content.summary)
            self._upload(run, content)

    def _upload(self, run: Any, content: Content) -> None:
        """The trained weights as an artifact, if wanted and not too large."""
        import wandb

        if content.weights is None or self.knobs.upload is Upload.none:
            return
        lora = (content.weights / "adapter_config.json").is_file()
        if not lora and self.knobs.upload is not Upload.all:
            return
        file = content.weights / ("adapter_model.safetensors" if lora else "model")
        mib = sum(part.stat().st_size for part in (file.rglob("*") if file.is_dir() else [file])) / 2**20
        if mib > self.knobs.limit_mib:
            say(f"note: {content.name}: weights of {mib:.0f} MiB stay at home (tracking.limit_mib)")
            return
        kind = "adapter" if lora else "model"
        facts = {name: content.config[name] for name in ("method", "culture", "model", "seed")}
        artifact = wandb.Artifact(f"{kind}-{content.weights.name}", type=kind, metadata=facts)
        if lora:
            base = hub_id(content.config["knobs"].get("model", {})) or content.config["model"]
            artifact.add_file(str(file))
            with artifact.new_file("adapter_config.json") as text:
                json.dump(adapter_config(content.weights, base), text, indent=1)
        else:
            artifact.add_dir(str(file))
        run.log_artifact(artifact)

    def _push_board(self, key: str, group: str, boards: list[CultureBoard], maps: list[Path]) -> None:
        import wandb

        folder = Path(self.knobs.folder) / "wandb" / "pictures"
        with session(self.knobs, key, name=f"board of {group}", group=group, job_type="board", tags=["board"]) as run:
            media: dict[str, Any] = {"pooled_board": _wandb_table(table(boards))}
            for name, pictures in {"heat_map": heat_maps(boards, folder / _name(group)), "cultural_map": maps}.items():
                media[name] = [wandb.Image(str(path), caption=f"{path.parent.name} {path.stem}") for path in pictures]
            run.log({name: value for name, value in media.items() if value})


def _wandb_table(table: pd.DataFrame) -> Any:
    import wandb

    return wandb.Table(columns=list(table), data=table.to_numpy().tolist(), allow_mixed_types=True)


def _name(text: str) -> str:
    """``text`` as file name and run id may be."""
    return re.sub(r"[^\w.-]+", "_", text)
