"""Cells as jobs of Slurm, by submitit: one array, in which cells wait for the jobs that build what they share.

submitit writes the job script, pickles the work, and queues a job again that Slurm is about to end. Here is what it
lacks: several cells in a job, jobs that wait for others of the same array, processes that train together, waiting
without Slurm's accounting, and a container that has no Slurm in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus

from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.sweep.packing import Piece, Waiting, pack, told
from alignbench.training.interrupt import GRACE
from alignbench.types import check

# Knobs of the launcher that are ours, and of submitit's executor when it is made; all others go into the job script.
_OWN = ("cells_per_job", "shared_first", "max_jobs", "offline", "submitit_folder")
_MADE = ("max_num_timeout", "python")
_COUNTS = (
    *("cells_per_job", "array_parallelism", "nodes", "tasks_per_node"),
    *("cpus_per_task", "mem_gb", "timeout_min", "signal_delay_s"),
)
# Seconds that are left of the grace time for queueing the job again.
_REQUEUE = 30
_POLL = 1.0
# Between two looks at the queue, and after how many looks in vain a job without a result is given up.
_LOOK, _LOOKS = 30.0, 3
_MARK = "requeue"


@dataclass(frozen=True)
class Done:
    """What a job leaves.

    Attributes:
        well: of each of its runs, whether it ended well.
        started: when, in seconds since the epoch; of a job that was interrupted the last time.
        restarts: how often it had been interrupted before.
        stop: whether a cell failed that shall end the sweep.
    """

    well: tuple[bool, ...]
    started: float
    ended: float
    restarts: int
    stop: bool = False


@dataclass(frozen=True)
class Work:
    """What a job does; submitit pickles it, calls it, and calls ``checkpoint`` before Slurm ends it.

    Attributes:
        run: does the cell of these words: hydra-submitit-launcher's launcher.
        runs: words of each.
        first: number of the first run in the sweep.
        folder: of submitit's files.
        grace: seconds between Slurm's signal and its end.
        most: interruptions after which a job in a container is not queued again.
    """

    run: Callable[..., JobReturn]
    runs: tuple[tuple[str, ...], ...]
    first: int
    folder: Path
    grace: int
    most: int
    state: Mapping[type, Any]

    def __call__(self) -> Done:
        """Run one after the other.

        Raises:
            RuntimeError: a process of several failed; the others wait for it, and Slurm ends them all.
        """
        import submitit

        started, several = time.time(), submitit.JobEnvironment().num_tasks > 1
        os.environ[GRACE] = str(max(1, self.grace - _REQUEUE))
        if several and "RANK" not in os.environ:
            submitit.helpers.TorchDistributedEnvironment().export(set_cuda_visible_devices=False)
        well, stop = [], False
        for number, words in enumerate(self.runs, self.first):
            try:
                job = self.run(list(words), "hydra.sweep.dir", number, str(number), self.state)
                well.append(bool(job.return_value))
            except SystemExit as end:  # on_error=stop; whoever queues the job again leaves with another code
                if end.code != 1:
                    raise
                well.append(False)
                stop = True
                break
        if several and not all(well):
            raise RuntimeError("a cell failed: its message is above")
        return Done(tuple(well), started, time.time(), _restarts(), stop)

    def checkpoint(self) -> Any:
        """The same again: stages and trainings go on from what they have saved.

        Raises:
            SystemExit: there is no Slurm in here, as in a container: the job script queues the job again.
        """
        import submitit

        if shutil.which("scontrol") is None:
            if _restarts() < self.most:
                (self.folder / f"{os.environ['SLURM_JOB_ID']}.{_MARK}").touch()
            raise SystemExit(-1)
        return submitit.helpers.DelayedSubmission(self)


@dataclass(frozen=True)
class Slurm:
    """A sweep on Slurm.

    Attributes:
        run: as of :class:`Work`.
        compose: composes the words of a cell and remembers it for the jobs, which cannot.
        knobs: of the launcher, as in ``conf/hydra/launcher/slurm.yaml``.
    """

    run: Callable[..., JobReturn]
    compose: Callable[[list[str]], Any]
    knobs: Mapping[str, Any]

    def launch(
        self, cells: Sequence[Sequence[str]], waiting: Sequence[Waiting], finished: Callable[[int], bool]
    ) -> list[JobReturn]:
        """Run the cells, wait for them, and say how long shared stages kept them waiting.

        Args:
            cells: words of each.
            waiting: of each, what it has still to build.
            finished: whether a cell is done whose job left no result.

        Raises:
            AlignbenchError: Slurm does not take the jobs, or knobs that do not go together.
            SystemExit: a cell failed under ``on_error=stop``; jobs that had not begun are cancelled.
        """
        for name in _COUNTS:
            count = isinstance(self.knobs[name], int) and self.knobs[name] > 0
            check(count, f"hydra.launcher.{name}", self.knobs[name], "give a whole number above 0")
        size, together = self.knobs["cells_per_job"], self.knobs["tasks_per_node"] * self.knobs["nodes"]
        remedy = "processes that train together end together when a cell fails: give each cell a job of its own"
        check(size == 1 or together == 1, "hydra.launcher.cells_per_job", size, remedy)
        pieces = pack(waiting, size, bool(self.knobs["shared_first"]), _most(self.knobs["max_jobs"]))
        more = max(len(piece.cells) for piece in pieces)
        check(more == 1 or together == 1, "hydra.launcher.max_jobs", self.knobs["max_jobs"], remedy)
        say(f"  slurm  {told(pieces)}")
        submitted = time.time()
        jobs = self._submit([self._work(piece, cells) for piece in pieces], pieces, together)
        done = dict(self._wait(jobs, pieces))
        _say_waiting(pieces, done, submitted)
        well = {
            cell: found.well[place] if found and place < len(found.well) else finished(cell)
            for piece, found in zip(pieces, (done.get(n) for n in range(len(pieces))), strict=True)
            if not piece.stages
            for place, cell in enumerate(piece.cells)
        }
        if any(found and found.stop for found in done.values()):
            raise SystemExit(1)
        return [JobReturn(status=JobStatus.COMPLETED, _return_value=well[cell]) for cell in range(len(cells))]

    def _work(self, piece: Piece, cells: Sequence[Sequence[str]]) -> Work:
        runs = [tuple(cells[cell]) for cell in piece.cells]
        if piece.stages:
            kept = [word for word in runs[0] if not re.match(r"task[=.]", word)]
            runs = [(*kept, "task=build", f"task.stages=[{','.join(piece.stages)}]")]
            self.compose(list(runs[0]))
        folder, grace, most = (
            Path(_folder(self.knobs)).parent,
            self.knobs["signal_delay_s"],
            self.knobs["max_num_timeout"],
        )
        return Work(self.run, tuple(runs), piece.cells[0], folder, grace, most, Singleton.get_state())

    def _submit(self, works: Sequence[Work], pieces: Sequence[Piece], together: int) -> list[Any]:
        """One array, held until every job knows what it waits for."""
        import submitit

        made = {f"slurm_{name}": self.knobs[name] for name in _MADE}
        executor = submitit.AutoExecutor(_folder(self.knobs), cluster="slurm", **made)
        given = {k: v for k, v in self.knobs.items() if k not in (*_OWN, *_MADE) and v not in (None, 0, [], {})}
        held = any(piece.after for piece in pieces)
        mark = f"{works[0].folder}/$SLURM_JOB_ID.{_MARK}"
        offline = ["export HF_HUB_OFFLINE=1"] if self.knobs["offline"] else []
        given |= {
            "setup": [*offline, *given.get("setup", ())],
            "teardown": [f'if [ -e "{mark}" ]; then rm "{mark}"; scontrol requeue "$SLURM_JOB_ID"; fi'],
            "additional_parameters": {"requeue": True, **given.get("additional_parameters", {})},
        }
        if held:
            given["additional_parameters"]["hold"] = True
        if together > 1:
            given["srun_args"] = ["--kill-on-bad-exit=1", *given.get("srun_args", ())]
        try:
            executor.update_parameters(**{f"slurm_{name}": value for name, value in given.items()})
            with executor.batch():
                jobs = [executor.submit(work) for work in works]
        except (
            submitit.core.utils.FailedJobError,
            submitit.core.utils.FailedSubmissionError,
            NameError,
            AssertionError,
        ) as error:
            reason = str(error).strip().splitlines()
            told_by = next((line for line in reason if line.startswith("sbatch:")), reason[0])
            raise AlignbenchError("hydra/launcher", "slurm", f"Slurm does not take the jobs: {told_by}") from error
        array = jobs[0].job_id.partition("_")[0]
        try:
            if held:
                _tie(array, pieces)
        except BaseException:
            subprocess.run(["scancel", array], capture_output=True)
            raise
        say(f"  slurm  {len(jobs)} jobs in the queue as {array}; logs: {works[0].folder}")
        return jobs

    def _wait(self, jobs: Sequence[Any], pieces: Sequence[Piece]) -> Iterator[tuple[int, Done | None]]:
        """Place of each job and what it left, as they end; None of one that left nothing and is not in the queue."""
        array, open_, missed, looked = (
            jobs[0].job_id.partition("_")[0],
            set(range(len(jobs))),
            defaultdict[int, int](int),
            0.0,
        )
        while open_:
            time.sleep(_POLL)
            ended = [number for number in sorted(open_) if jobs[number].task(0).paths.result_pickle.exists()]
            if time.monotonic() - looked > _LOOK:
                looked, queue = time.monotonic(), _queue(array)
                for number in open_.difference(ended):
                    gone = queue is not None and jobs[number].job_id not in queue
                    missed[number] = missed[number] + 1 if gone else 0
            lost = [number for number in sorted(open_) if missed[number] >= _LOOKS and number not in ended]
            for number in (*ended, *lost):
                open_.remove(number)
                done = _left(jobs[number]) if number in ended else None
                say(f"  job    {jobs[number].job_id} {_ended(done, pieces[number])}, {len(open_)} jobs to come")
                if done and done.stop:
                    subprocess.run(["scancel", "--state=PENDING", array], capture_output=True)
                yield number, done


def _restarts() -> int:
    """How often this job was queued again."""
    return int(os.environ.get("SLURM_RESTART_COUNT", "0"))


def _folder(knobs: Mapping[str, Any]) -> str:
    return str(Path(str(knobs["submitit_folder"])).absolute())


def _most(asked: int | None) -> int:
    """How many jobs an array may have: as many as asked for, and as Slurm allows."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", _said("scontrol", "show", "config"), re.MULTILINE)
    allowed = int(found[1]) if found else 1001
    return min(allowed, int(asked)) if asked is not None else allowed


def _tie(array: str, pieces: Sequence[Piece]) -> None:
    """Tell every job which others it waits for, however they end, and let go.

    After a shared stage that failed its cells try it again, and say why it fails.
    """
    same: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        if piece.after:
            same[piece.after].append(number)
    for after, numbers in same.items():
        awaited = ":".join(f"{array}_{number}" for number in after)
        tasks = ",".join(map(str, numbers))
        _said("scontrol", "update", f"job={array}_[{tasks}]", f"dependency=afterany:{awaited}")
    _said("scontrol", "release", array)


def _said(*words: str) -> str:
    """What a command of Slurm prints.

    Raises:
        AlignbenchError: it fails.
    """
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        raise AlignbenchError("hydra/launcher", "slurm", f"{words[0]} fails: {reason.strip()}") from error


def _queue(array: str) -> set[str] | None:
    """Jobs of the array that are still in the queue, in whatever state; None where Slurm gives no answer."""
    asked = subprocess.run(
        [
            "squeue",
            "--noheader",
            "--array",
            "--states=PD,R,CG,CF,S,SI,SO,ST,RQ,RD,RH,RS",
            "--format=%i",
            "--jobs",
            array,
        ],
        capture_output=True,
        text=True,
    )
    if asked.returncode and "Invalid job id" not in asked.stderr:
        return None
    return set(asked.stdout.split())


def _left(job: Any) -> Done | None:
    """What a job left; None of one that ended with an error, which its log shows."""
    import submitit

    try:
        found = job.task(0).result()
    except (submitit.core.utils.FailedJobError, submitit.core.utils.UncompletedJobError):
        return None
    return found if isinstance(found, Done) else None


def _ended(done: Done | None, piece: Piece) -> str:
    what = f"{len(piece.stages)} shared stages" if piece.stages else f"{len(piece.cells)} cells"
    if done is None:
        return f"left no result ({what}): see its log"
    again = f", interrupted {done.restarts} times" if done.restarts else ""
    return f"{sum(done.well)} of {len(done.well)} well ({what}, {done.ended - done.started:.0f} s{again})"


def _say_waiting(pieces: Sequence[Piece], done: Mapping[int, Done | None], submitted: float) -> None:
    """How long the shared stages took, and how long others had to wait for them."""
    ends = {number: found.ended for number, found in done.items() if found}
    shared = [found for number, found in done.items() if found and pieces[number].stages]
    waits = sorted(
        max(ends.get(before, submitted) for before in piece.after) - submitted
        for piece in pieces
        if piece.after and not piece.stages
    )
    if shared and waits:
        work = sum(found.ended - found.started for found in shared)
        say(
            f"  shared {len(shared)} jobs, {work:.0f} s of work; the {len(waits)} jobs behind them could begin"
            f" {waits[0]:.0f} to {waits[-1]:.0f} s after the command (median {waits[len(waits) // 2]:.0f} s)"
        )
