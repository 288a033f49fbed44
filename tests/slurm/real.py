"""A Slurm of one node, this machine's own, for as long as a test lasts: munged, slurmctld and slurmd in a folder."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")
_READY = 30.0

# Two partitions on the node: whoever comes in `urgent` takes the place of what runs in `main`, which is queued again,
# and may start again after cred_expire seconds.
_CONF = """\
ClusterName=alignbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=2
MinJobAge=300
MaxArraySize={array}
ReturnToService=2
SlurmdTimeout=300
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES PriorityTier=1 MaxTime=INFINITE State=UP
PartitionName=urgent Nodes={host} PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE State=UP
"""


def lacking() -> str | None:
    """In words, why no Slurm can be started here; None where one can."""
    absent = [name for name in _DAEMONS if shutil.which(name, path=_path()) is None]
    if absent:
        return f"no {', '.join(absent)} here: apt-get install slurm-wlm"
    return None if os.geteuid() == 0 else "slurmd is started by root alone"


@contextmanager
def one_node(folder: Path, cpus: int = 2, array: int = 1001) -> Iterator[dict[str, str]]:
    """The environment in which Slurm's commands speak to it; everything is stopped at the end.

    Args:
        folder: gets configuration, state and logs.
        cpus: that the node says it has.
        array: MaxArraySize.
    """
    for name in ("state", "spool"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    controller, daemon = _free_ports(2)
    text = _CONF.format(
        folder=folder, host=host, controller=controller, daemon=daemon, cpus=cpus, memory=4096, array=array
    )
    (folder / "slurm.conf").write_text(text)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": _path()}
    files = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    munge = ["munged", "--force", "--foreground", f"--key-file={key}"]
    munge += [f"--{option}={folder}/munge.{ending}" for option, ending in files.items()]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for words in (munge, ["slurmctld", "-D"], ["slurmd", "-D", "-N", host]):
            with (folder / f"{words[0]}.out").open("wb") as out:
                started.append(subprocess.Popen(words, env=environment, stdout=out, stderr=subprocess.STDOUT))
            if words is munge:
                _wait(lambda: (folder / "munge.socket").exists(), folder)
        _wait(lambda: "idle" in _said(["sinfo", "-h", "-o", "%t"], environment), folder)
        yield environment
    finally:
        subprocess.run(["scancel", "--user=root", "--full"], env=environment, capture_output=True)
        _wait(lambda: not _said(["squeue", "-h", "-t", "R,CG"], environment).strip(), folder, patient=False)
        for process in reversed(started):
            process.terminate()
            process.wait(10)


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def _said(words: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(words, env=environment, capture_output=True, text=True).stdout


def _wait(ready: Callable[[], bool], folder: Path, patient: bool = True) -> None:
    limit = time.monotonic() + _READY
    while not ready():
        if time.monotonic() > limit:
            if patient:
                logs = "\n".join(log.read_text()[-2000:] for log in sorted(folder.glob("*.out")))
                raise RuntimeError(f"Slurm did not come up in {_READY:.0f} s:\n{logs}")
            return
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
