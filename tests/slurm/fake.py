"""Slurm's commands as far as a launcher sees them: they answer as Slurm does, and note what they were told.

Jobs are run by :meth:`Fake.turn`, in this process, by submitit's own code for a job.
"""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from submitit.core.submission import process_job

_COMMANDS = {
    "sbatch": """
if [ -e "$FAKE/refused" ]; then cat "$FAKE/refused" >&2; exit 1; fi
cp "$1" "$FAKE/script"
echo "Submitted batch job 7"
""",
    "scontrol": """
if [ "$1 $2" = "show config" ]; then echo "MaxArraySize            = $(cat "$FAKE/array")"; fi
""",
    "squeue": 'cat "$FAKE/queue"',
    "srun": "exit 1",
    "scancel": "",
}


class Fake:
    """A Slurm whose jobs run when it is told so.

    Attributes:
        dying: places of jobs that end without a trace.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch, self.dying, self.ran = folder, monkeypatch, set[int](), False
        for name, text in _COMMANDS.items():
            command = folder / name
            command.write_text(f'#!/bin/sh\nFAKE={folder}\necho "{name} $*" >> "$FAKE/told"\n{text}\n')
            command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        (folder / "array").write_text("1001")
        (folder / "queue").write_text("")

    @property
    def script(self) -> str:
        """The job script that was submitted."""
        return (self.folder / "script").read_text()

    def told(self, command: str) -> list[str]:
        """What that command was told, in order."""
        lines = (self.folder / "told").read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{command} ")]

    def turn(self, logs: Path, jobs: int) -> None:
        """Run every job once; an array if there are several."""
        if self.ran:
            return
        self.ran = True
        for number in range(jobs):
            if number not in self.dying:
                self._run(logs, number if jobs > 1 else None)

    def _run(self, logs: Path, task: int | None) -> None:
        array = {} if task is None else {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": str(task)}
        handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCONT, signal.SIGUSR2)}
        with self.patch.context() as patch:
            for name, value in {
                "SUBMITIT_EXECUTOR": "slurm",
                "SLURM_JOB_ID": "7",
                "SLURM_NTASKS": "1",
                **array,
            }.items():
                patch.setenv(name, value)
            try:
                process_job(logs)
            except RuntimeError:
                pass  # a job that fails; Slurm goes on
            finally:
                for number, handler in handled.items():
                    signal.signal(number, handler)


def words(script: str) -> dict[str, str]:
    """The words for sbatch in a job script, by name."""
    found = re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", script, re.MULTILINE)
    return {name: value.strip("'") for name, value in found}


def sound(script: str) -> bool:
    """Whether bash can read the script."""
    return subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
