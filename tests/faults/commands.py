"""Commands in forked processes: cheap to start, killed at will, and on a machine that is made to fail.

A process is forked from the one that tests, which has everything loaded. It carries out cells as the command line
does, or goes the command line's whole way from its words to its exit code, and tells each boundary that it reaches.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from alignbench import cli
from alignbench.backend.engines import Engines, Opener
from alignbench.errors import AlignbenchError, refuse
from alignbench.faults import explained, stoppable
from alignbench.record.finished import finished, whole
from alignbench.report import page
from alignbench.runs.cell import Cell
from alignbench.runs.compare import compare
from alignbench.store import store
from alignbench.store.store import Store
from alignbench.task.run import _write

# A cell of the planted world in seconds, with a training that leaves checkpoints.
QUICK = """model=nano culture=iraq control=false scoring.bootstrap=200 training.updates=3 training.checkpoint_every=1
           ~method@baselines.cultural_prompt""".split()
PATIENCE = 400
_CONTEXT = multiprocessing.get_context("fork")
_NUMBER = count()
# ("begin", stage) before anything is made, "built" before the manifest is, "sealed" before the folder is renamed,
# "done" after it, and "page" when all is stored. A stage is named by name and key.
Boundary = tuple[str, str]
EVENTS = ("begin", "built", "sealed", "done", "page")
# What is done to the machine, in the new process and before its command.
Harm = Callable[[], object]


class Process:
    """One process; what it says is kept in a file of ``folder``."""

    def __init__(self, folder: Path, body: Callable[[], object], harm: Harm | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / f"log-{os.getpid()}-{next(_NUMBER)}.txt"
        self._boundaries, told = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_main, args=(self._log, told, body, harm))
        self._process.start()
        told.close()

    @property
    def pid(self) -> int:
        """Its number, and that of its group."""
        return int(self._process.pid or 0)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def boundary(self) -> Boundary | None:
        """The next boundary that it reaches; None once it has ended."""
        try:
            assert self._boundaries.poll(PATIENCE), "it hangs"
            return self._boundaries.recv()
        except EOFError:
            return None

    def wait(self) -> tuple[int, str]:
        """Wait for its end: exit code, negative for the signal that killed it, and what it said."""
        self._process.join(PATIENCE)
        if self._process.exitcode is None:
            self._process.kill()
            raise AssertionError(f"it hangs: {self._log.read_text()[-3000:]}")
        return self._process.exitcode, self._log.read_text(errors="replace") if self._log.is_file() else ""


@dataclass(frozen=True)
class Sweep:
    """Cells with their store in ``folder``, which may be carried out again and again."""

    cells: Sequence[Cell]
    folder: Path

    @property
    def store(self) -> Path:
        """Their store."""
        return self.folder / "store"

    def start(self, harm: Harm | None = None) -> Process:
        """Carry them out, one after the other, with their pages."""
        return Process(self.folder, self.carry_out, harm)

    def run(self, harm: Harm | None = None) -> tuple[int, str]:
        """The same, and wait for the end."""
        return self.start(harm).wait()

    def carry_out(self) -> None:
        """As a command does: with its errors and its exit codes."""
        with stoppable():
            try:
                for cell in self.cells:
                    own = replace(cell, store=Store(self.store, Opener(cell.backend, Engines())))
                    stage = compare(own)[1]
                    _write(whole(stage.path), stage, self.folder / "reports" / cell.slug)
            except Exception as error:
                told = explained(error)
                if told is None:
                    raise
                refuse(told)

    def figures(self) -> dict[str, float]:
        """Method and row -> score, of every finished cell."""
        return figures(self.store)

    def durations(self) -> dict[str, float]:
        """Stage -> seconds, of a run that is left alone."""
        process, begun, found = self.start(), dict[str, float](), dict[str, float]()
        while (boundary := process.boundary()) is not None:
            event, stage = boundary
            if event == "begin":
                begun[stage] = time.monotonic()
            elif event == "done":
                found[stage] = time.monotonic() - begun[stage]
        assert process.wait()[0] == 0
        return found


def command(folder: Path, *words: str, harm: Harm | None = None) -> Process:
    """A command line with store and reports in ``folder``, unless its words say otherwise."""
    placed = [f"store={folder}/store", f"reports={folder}/reports", f"hydra.sweep.dir={folder}/sweeps"]
    names = {word.partition("=")[0] for word in words}

    def body() -> None:
        sys.argv = ["alignbench", *words, *(word for word in placed if word.partition("=")[0] not in names)]
        cli.main()

    return Process(folder, body, harm)


def figures(folder: Path) -> dict[str, float]:
    """Culture, method and row -> score, of every finished cell of a store."""
    try:
        records = [cell.record for cell in finished(folder)]
    except AlignbenchError:
        return {}
    return {f"{r.cell.culture} {r.cell.method} {row.label}": row.score for r in records for row in r.rows}


def _main(log: Path, told: Any, body: Callable[[], object], harm: Harm | None) -> None:
    os.setsid()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import torch

    torch.set_num_threads(1)
    _announcing(told)
    code: Any = 0
    try:
        if harm is not None:
            harm()
        body()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        os._exit(int(code or 0))


class _Reached:
    """What is done at a boundary, in this process."""

    def __init__(self) -> None:
        self.do: Callable[[Boundary], object] = lambda boundary: None


_REACHED = _Reached()


def at_boundary(do: Callable[[Boundary], object]) -> None:
    """From now on ``do`` is called at every boundary of this process."""
    _REACHED.do = do


def die_at_new(spent: Iterable[Boundary], events: Sequence[str] = EVENTS) -> Harm:
    """SIGKILL at the first boundary of such an event that is not among ``spent``."""
    known = set(spent)

    def reached(at: Boundary) -> None:
        if at[0] in events and at not in known:
            os.kill(os.getpid(), signal.SIGKILL)

    return lambda: at_boundary(reached)


def _announcing(told: Any) -> None:
    def reach(event: str, stage: str) -> None:
        told.send((event, stage))
        _REACHED.do((event, stage))

    def around(owner: Any, name: str, stage: Callable[..., str], before: str, after: str = "") -> None:
        original = getattr(owner, name)

        def call(*given: Any, **knobs: Any) -> Any:
            reach(before, stage(*given))
            found = original(*given, **knobs)
            if after:
                reach(after, stage(*given))
            return found

        setattr(owner, name, call)

    around(Store, "_announce", lambda _, stage, goal, **__: f"{goal.name}/{goal.key}", "begin")
    around(store, "manifest", lambda stage, key, *_: f"{stage.name}/{key}", "built")
    around(store, "_moved", lambda _, goal: f"{goal.name}/{goal.key}", "sealed", "done")
    around(page, "write_page", lambda *given: given[1].name, "page")
