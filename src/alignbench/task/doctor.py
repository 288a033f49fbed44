"""``task=doctor``: find in seconds what would break a long run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from alignbench import plugins
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.task import Task

if TYPE_CHECKING:
    from alignbench.backend import Engine


@dataclass(frozen=True)
class Doctor(Task):
    """Checks what ``cfg`` names, one line each, and goes on after a fault; the model is loaded and tried out."""

    def main(self, cfg: DictConfig) -> None:
        """Print the checks.

        Raises:
            AlignbenchError: at least one check failed.
        """
        failed, faults = 0, dict[str, str]()
        for name, examine in _checks(cfg):
            try:
                say(f"  ok    {name:<12} {examine()}")
            except AlignbenchError as error:
                failed += 1
                first = faults.setdefault(str(error), name)
                say(f"  FAIL  {name:<12} {error if first == name else f'as {first}'}")
        if failed:
            raise AlignbenchError("doctor", f"{failed} checks failed", "mend what is marked FAIL above")
        say("All well. What this model can show of countries, in minutes: task=probe")


def _checks(cfg: DictConfig) -> Iterator[tuple[str, Callable[[], str]]]:
    from alignbench.backend.preflight import preflight
    from alignbench.store.manifest import versions

    yield "packages", lambda: ", ".join(f"{k} {v}" for k, v in versions().items())
    yield "plugins", lambda: ", ".join(map(str, plugins.loaded())) or "none"
    yield "survey", lambda: _survey(cfg)
    yield "model", lambda: _model(cfg)
    yield from preflight(lambda: _opened(cfg))
    yield "memory", lambda: _memory(cfg)
    yield "generators", lambda: _generators(cfg)
    yield "embedder", lambda: f"{cfg.embedder._target_.rpartition('.')[2]} {instantiate(cfg.embedder).fingerprint}"
    yield "store", lambda: _store(Path(cfg.store))


def _survey(cfg: DictConfig) -> str:
    from alignbench.data.splits import split_survey

    source, culture = instantiate(cfg.survey), instantiate(cfg.culture)
    survey = source.load((culture,))
    parts = split_survey(survey, source.splits())
    asked = ", ".join(f"{split.name} {len(part.asked(culture.iso3))}" for split, part in parts.items())
    return f"{survey.title}: items asked in {culture.country}: {asked}"


def _model(cfg: DictConfig) -> str:
    from alignbench.backend.declared import title
    from alignbench.backend.render import Renderer
    from alignbench.types import chat

    model = instantiate(cfg.model).resolve()
    renderer = Renderer.of(model)
    labels = [str(n) for n in range(1, 10)] + list("ABCDEFGHIJ")
    prompt = renderer.prompt(chat("Which number?"))
    long = [label for label in labels if len(renderer.option_ids(prompt, label)) != 1]
    remedy = f"; labels of several tokens, scored by more than one forward: {', '.join(long)}" if long else ""
    asked = f"asked in {title(model)}, licence {model.licence}"
    return f"{model.name} at {model.path}, {model.dtype}, fingerprint {model.fingerprint}, {asked}{remedy}"


def _opened(cfg: DictConfig) -> Engine:
    engine: Engine = instantiate(cfg.backend).open(instantiate(cfg.model).resolve())
    return engine


def _memory(cfg: DictConfig) -> str:
    from alignbench.device import Room
    from alignbench.sweep.means import short_of_memory, waiting_of

    room, waiting = Room.here(), waiting_of(cfg)
    for fault in short_of_memory(waiting, room):
        raise AlignbenchError(fault.what, cfg.training.weights, f"{fault.why}; the nearest here: {fault.nearest}")
    needed = max((stage.memory(room.cuda) for stage in waiting), default=0.0)
    return f"training takes about {needed / 2**30:.1f} of {room}" if needed else "nothing is trained"


def _generators(cfg: DictConfig) -> str:
    from alignbench.generator import slots

    found = [slot for node in (cfg.generator, cfg.critic, cfg.author, cfg.judge) for slot in slots(instantiate(node))]
    for slot in found:
        slot.verify()
    return ", ".join(f"{slot.place} is {slot.title}" for slot in found)


def _store(root: Path) -> str:
    """Writable, with locks, and every file of every finished stage read and compared with what was written."""
    import shutil

    from filelock import FileLock, Timeout

    from alignbench.store.store import flaw, stored

    probe = root / ".probe"
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.write_text("x", encoding="utf-8")
        with FileLock(probe), suppress(Timeout), FileLock(probe).acquire(timeout=0):
            remedy = "this file system grants one lock twice, so two commands may build one stage: choose another"
            raise AlignbenchError("store", str(root), remedy)
        probe.unlink()
    except (OSError, NotImplementedError) as error:
        raise AlignbenchError("store", str(root), f"it cannot be written, or not locked: {error}") from error
    stages = [
        artifact for folder in sorted(root.iterdir()) if folder.is_dir() for artifact in stored(root, folder.name)
    ]
    broken = [f"{one.name}/{one.key}: {reason}" for one in stages if (reason := flaw(one))]
    if broken:
        remedy = "the next run that needs such a stage sets it aside and builds it again"
        raise AlignbenchError("store", "; ".join(broken), remedy)
    return (
        f"{root.absolute()}, {shutil.disk_usage(root).free >> 30} GiB free, {len(stages)} stages as they were written"
    )
