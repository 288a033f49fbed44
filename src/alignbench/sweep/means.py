"""What a cell asks for that this machine does not have, said before anything is built, and the nearest that it has.

Looked at are the models (here, or to be downloaded, and under what licence), the keys and programs of the slots, and
the memory of what is still to be built, by :mod:`alignbench.training.memory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from alignbench.backend.model import HUB_ID, Model, Thinking
from alignbench.backend.shape import known
from alignbench.config import conf_dirs, instantiate
from alignbench.device import Room
from alignbench.errors import AlignbenchError
from alignbench.generator import slots
from alignbench.generator.other import OtherModel
from alignbench.progress import say
from alignbench.steps.practice import Fit
from alignbench.training.recipe import Quantise, Weights

if TYPE_CHECKING:
    from alignbench.runs.compare import Step
    from alignbench.store.stage import Stage
    from alignbench.sweep.conduct import SweepCell

# Bytes of a weight where nothing else is said: bfloat16 on CUDA, float32 on a CPU.
_BYTES = {True: 2.0, False: 4.0}
# The one builtin model that knows real people and comes under no terms that must be accepted.
_DEFAULT = "builtin:smollm2_135m"
# Tried one after the other, each with those before it, until a training fits: the first two change no result.
_LESS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("training.gradient_checkpointing=true", {"gradient_checkpointing": True}),
    ("training.micro_batch=1", {"micro_batch": 1}),
    ("training.weights=lora", {"weights": Weights.lora}),
    ("training.quantise=auto", {"quantise": Quantise.auto}),
)


@dataclass(frozen=True)
class Unmet:
    """Something that this machine does not have.

    Attributes:
        what: the knob or group that asks for it.
        why: what is the matter.
        nearest: what to type instead; empty where nothing is near.
        stops: whether nothing can be run without it; a download is merely said.
    """

    what: str
    why: str
    nearest: str = ""
    stops: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" + (f"; the nearest here: {self.nearest}" if self.nearest else "")


def unmet(cfg: DictConfig, waiting: Iterable[Stage], room: Room) -> list[Unmet]:
    """Everything that a composed cell asks for and this machine does not have.

    Args:
        waiting: its stages that are still to be built.
    """
    return [*_files(cfg), *_model(cfg, room), *_slots(cfg, room), *short_of_memory(waiting, room)]


def require(requests: Iterable[SweepCell], room: Room, refuse: bool) -> None:
    """Say what the cells ask for that cannot be met; cells of the same components are looked at once.

    Raises:
        AlignbenchError: with ``refuse``, something without which they cannot run.
    """
    found = [fault for request in _distinct(requests) for fault in _of(request, room)]
    report(found, room)
    stops = dict.fromkeys(fault.what for fault in found if fault.stops)
    if refuse and stops:
        remedy = "what it asks for is listed above with what to type instead; insist=true goes on all the same"
        raise AlignbenchError("experiment", ", ".join(stops), remedy)


def report(found: Iterable[Unmet], room: Room) -> None:
    """Print what cannot be met, each thing once."""
    for number, fault in enumerate(dict.fromkeys(found)):
        if number == 0:
            say(f"Not met with {room}:")
        say(f"  {fault}")


def _of(request: SweepCell, room: Room) -> list[Unmet]:
    with request.entered() as cfg:
        return unmet(cfg, waiting_of(cfg), room)


def waiting_of(cfg: DictConfig) -> list[Stage]:
    """The stages of a cell that are still to be built; none where the cell cannot be planned, which a run will say."""
    return [step.stage for step in steps_ahead(cfg)]


def steps_ahead(cfg: DictConfig) -> list[Step]:
    """The steps of a cell that are not done, as :func:`waiting_of`."""
    from alignbench.runs.cell import Cell, config_folders
    from alignbench.runs.compare import plan
    from alignbench.store.store import State

    try:
        steps = plan(Cell.from_config(cfg, config_folders(), looking=True))
    except AlignbenchError:
        return []
    return [step for step in steps if step.state is not State.done]


def absent(requests: Iterable[SweepCell]) -> list[str]:
    """Models that the cells ask for, in whatever slot, and that would have to be downloaded."""
    models = []
    for request in _distinct(requests):
        cfg = request.cfg
        held = [slot for node in _writers(cfg) for slot in slots(instantiate(node)) if isinstance(slot, OtherModel)]
        models += [instantiate(cfg.model), *(slot.model for slot in held)]
    return sorted({model.path for model in models if model.absent})


def _writers(cfg: DictConfig) -> list[DictConfig]:
    """What may hold slots."""
    return [cfg.generator, cfg.critic, cfg.author, cfg.judge]


def _distinct(requests: Iterable[SweepCell]) -> Iterator[SweepCell]:
    """The first cell of each model, method, training and writers."""
    groups = ("model", "backend", "method", "training", "generator", "critic", "author", "judge")
    found: dict[str, SweepCell] = {}
    for request in requests:
        parts = [OmegaConf.to_container(request.cfg[group], resolve=False) for group in groups]
        found.setdefault(str(parts), request)
    return iter(found.values())


def _files(cfg: DictConfig) -> Iterator[Unmet]:
    """Data that users bring themselves."""
    for group, nearest in (("survey", "survey=wvs7"), ("benchmark", "benchmark=neutral")):
        asked = cfg[group] and OmegaConf.to_container(cfg[group], resolve=False)
        path = str(asked.get("path") or "") if isinstance(asked, dict) else ""
        if path and not Path(path).expanduser().exists():
            given = "your own copy is asked for" if path == "???" else f"no such file: {path}"
            yield Unmet(f"{group}.path", f"{given} (--help says where to get it)", nearest)


def _model(cfg: DictConfig, room: Room) -> list[Unmet]:
    return _weights("model", instantiate(cfg.model), room)


def _weights(what: str, model: Model, room: Room) -> list[Unmet]:
    """What is the matter with the weights of a model, with the nearest in size that are here, and that are not.

    A download that nobody forbids is said, and stops nothing.
    """
    config, each = known().get(model.path, {}), _BYTES[room.cuda]
    size, gated = model.resolve(ready=False).parameters or 0, bool(config.get("gated"))
    large, absent = size * each > room.free, model.absent
    reasons = [
        (absent, f"{model.path} is not on this machine and would be downloaded"),
        (absent and gated, "it is gated: accept its licence on the hub and log in first"),
        (large, f"its weights take {size * each / 2**30:.1f} GiB, {room} are free"),
    ]
    why = [reason for there, reason in reasons if there]
    if not why:
        return []
    fitting = sorted((one for one in _offers() if one.size * each <= room.free), key=lambda one: abs(one.size - size))
    other = next((one for one in fitting if not one.here and not known()[str(one.path)].get("gated")), None)
    if (large or gated) and other:
        why.append(f"nearest to download: {what}={other.choice}")
    here = next((one for one in fitting if one.here), None)
    return [Unmet(what, "; ".join(why), f"{what}={here.choice}" if here else "", stops=large or gated)]


@dataclass(frozen=True)
class _Offer:
    """A real model of ``conf/model``: its choice, where it is, how many weights, and whether it is on this machine."""

    choice: str
    path: Path
    size: int
    here: bool


def _offers() -> Iterator[_Offer]:
    """Models that answer at once: one that thinks is near to none of them."""
    for file in (file for folder in conf_dirs() for file in sorted((folder / "model").glob("*.yaml"))):
        node = DictConfig(OmegaConf.load(file))
        path, thinking = str(node.get("path", "")), Thinking[node.get("thinking", "none")]
        if (path != _DEFAULT and not HUB_ID.fullmatch(path)) or thinking is Thinking.on:
            continue
        model = Model(path, thinking=thinking)
        ref = model.resolve(ready=False)
        yield _Offer(file.stem, ref.path, ref.parameters or 0, not model.absent)


def _slots(cfg: DictConfig, room: Room) -> Iterator[Unmet]:
    """Slots without a key, a program or a model."""
    for node in _writers(cfg):
        for slot in slots(instantiate(node)):
            own = "generator=base" if slot.place == "generator" else f"generator@{slot.place}=base"
            if isinstance(slot, OtherModel) and (found := _weights(slot.place, slot.model, room)):
                yield from (replace(fault, nearest=own) for fault in found)
                continue
            try:
                slot.verify()
            except AlignbenchError as error:
                yield Unmet(slot.place, f"{error} ({slot.title})", own)


def short_of_memory(waiting: Iterable[Stage], room: Room) -> Iterator[Unmet]:
    """Trainings that do not fit, the largest of a kind."""
    found = {
        type(stage): stage for stage in sorted(waiting, key=lambda s: s.memory(room.cuda)) if isinstance(stage, Fit)
    }
    for stage in found.values():
        needed = stage.memory(room.cuda)
        if needed > room.free:
            why = f"{stage.name} of {stage.model.name} takes about {needed / 2**30:.1f} GiB, {room} are free"
            yield Unmet("training", why, less(stage, room))


def less(stage: Fit, room: Room) -> str:
    """The fewest words with which the training fits; else they and the largest known model of which it then fits."""
    words: list[str] = []
    trained = stage
    for word, knobs in _LESS:
        if ("quantise" in knobs and not room.cuda) or trained.training == trained.training.with_knobs(**knobs):
            continue
        alone = replace(stage, training=stage.training.with_knobs(**knobs)) if "quantise" not in knobs else trained
        if alone.memory(room.cuda) <= room.free:
            return word
        trained = replace(trained, training=trained.training.with_knobs(**knobs))
        words.append(word)
        if trained.memory(room.cuda) <= room.free:
            return " ".join(words)
    smaller = sorted((one for one in _offers() if one.size < (stage.model.parameters or 0)), key=lambda one: -one.size)
    for offer in smaller:
        other = replace(trained, model=replace(trained.model, path=offer.path, parameters=offer.size))
        if 0 < other.memory(room.cuda) <= room.free:
            return " ".join([f"model={offer.choice}", *words])
    return ""
