"""One sweep: compose all cells, launch those that are to run, sum up."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from alignbench.config import instantiate
from alignbench.device import Room
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.sweep.identity import command, failure, identity, name_of, record_of
from alignbench.vetting import vet


@dataclass(frozen=True)
class SweepCell:
    """A cell of a sweep: its words, and the config that they make, Hydra's part included."""

    words: tuple[str, ...]
    cfg: DictConfig

    @contextmanager
    def entered(self) -> Iterator[DictConfig]:
        """Inside, Hydra's globals are as in the job itself."""
        hydra = HydraConfig.instance()
        before, hydra.cfg = hydra.cfg, self._hydra
        try:
            yield self.cfg
        finally:
            hydra.cfg = before

    @cached_property
    def _hydra(self) -> HydraConf | None:
        """What :class:`HydraConfig` keeps of the config, found once: it copies all of it."""
        hydra = HydraConfig.instance()
        before = hydra.cfg
        hydra.set_config(self.cfg)
        own, hydra.cfg = hydra.cfg, before
        return own


# Runs cells wherever the launcher runs them; True for each that is done, False for each that failed.
Launch = Callable[[Sequence[SweepCell]], Sequence[bool]]


def conduct(
    grid: Sequence[Sequence[str]],
    compose: Callable[[Sequence[str]], DictConfig],
    launch: Callable[[Sequence[Sequence[str]]], Sequence[Any]],
) -> None:
    """Compose every cell of ``grid`` and hand them to their task; ``launch`` is Hydra's.

    Raises:
        AlignbenchError: a cell cannot be composed; none has been run then.
        SystemExit: cells failed.
    """
    requests = [SweepCell(tuple(words), _composed(words, compose)) for words in grid]

    def run(chosen: Sequence[SweepCell]) -> list[bool]:
        jobs = launch([request.words for request in chosen]) if chosen else ()
        return [bool(job.return_value) for job in jobs]

    with requests[0].entered() as cfg:
        task = instantiate(cfg.task)
    task.sweep(requests, run)


def _composed(words: Sequence[str], compose: Callable[[Sequence[str]], DictConfig]) -> DictConfig:
    try:
        cfg = compose(words)
    except (HydraException, OmegaConfBaseException) as error:
        while error.__cause__ is not None:
            error = error.__cause__  # type: ignore[assignment]
        reason = str(error).strip().splitlines()[0]
        raise AlignbenchError("cell of the sweep", " ".join(words), reason) from error
    identity(cfg)  # refuses a class of another package before any cell runs
    vet(cfg, (*sys.argv[1:], *words))
    return cfg


# Folder of the experiments that promise a paper's form: what they ask for is looked at before anything starts.
PAPERS = "papers/"


def carry_out(
    requests: Sequence[SweepCell],
    launch: Launch,
    finished: Callable[[DictConfig], bool],
    conclude: Callable[[Sequence[SweepCell], Sequence[SweepCell]], None] | None = None,
) -> None:
    """Run what is not finished, model by model, and say how all cells stand, whatever becomes of the launcher.

    Args:
        conclude: shows what the cells gave together once all have ended: those that are done, and those that are not.

    Raises:
        AlignbenchError: a paper's experiment asks for what cannot be met here, and ``insist`` is false.
        SystemExit: with code 1, when some cell is not done.
    """
    todo = _by_model(_unfinished(requests, finished))
    if todo and not _elsewhere(todo[0]) and _experiment(todo[0]).startswith(PAPERS):
        from alignbench.sweep.means import require

        require(todo, Room.here(), refuse=not todo[0].cfg.insist)
    if len(requests) > len(todo):
        say(f"{len(requests)} cells: {len(requests) - len(todo)} done before, {len(todo)} to run")
    try:
        results = launch(todo)
    except AlignbenchError:  # the launcher refuses: nothing has been started
        raise
    except BaseException:
        _summary(requests, _unfinished(todo, finished))
        raise
    missing = [request for request, well in zip(todo, results, strict=True) if not well]
    _summary(requests, missing)
    if conclude is not None:
        lost = {request.words for request in missing}
        conclude([request for request in requests if request.words not in lost], missing)
    if missing:
        raise SystemExit(1)


def _experiment(request: SweepCell) -> str:
    return str(request.cfg.hydra.runtime.choices.get("experiment"))


def _elsewhere(request: SweepCell) -> bool:
    """Whether cells run on other machines than this one, whose memory then tells nothing."""
    return "slurm" in str(request.cfg.hydra.launcher.get("_target_")).lower()


def _by_model(requests: Sequence[SweepCell]) -> list[SweepCell]:
    """Cells of a base model one after the other, in the order in which models first come: each is loaded once."""
    groups: dict[str, list[SweepCell]] = {}
    for request in requests:
        groups.setdefault(str((request.cfg.get("model"), request.cfg.get("backend"))), []).append(request)
    return [request for group in groups.values() for request in group]


def _unfinished(requests: Sequence[SweepCell], finished: Callable[[DictConfig], bool]) -> list[SweepCell]:
    found = []
    for request in requests:
        with request.entered() as cfg:
            if not finished(cfg):
                found.append(request)
    return found


def _summary(requests: Sequence[SweepCell], missing: Sequence[SweepCell]) -> None:
    """How many are done; of each that is not, why, and the command that runs it alone."""
    lines = []
    for request in missing:
        with request.entered() as cfg:
            found = failure(cfg)
            if found is None:
                lines.append(f"  no result  {name_of(cfg)}: not started, or its process died")
            else:
                lines += [f"  failed     {found['cell']}: {found['message']}", f"             {record_of(cfg)}"]
            lines.append(f"             {command()}")
    say(f"\n{len(requests) - len(missing)} of {len(requests)} cells done, {len(missing)} not")
    for line in lines:
        say(line)
    if missing:
        say("The same command again goes on where this one stopped.")
