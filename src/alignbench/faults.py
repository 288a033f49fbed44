"""What a machine does to a run, in one message with a remedy: a full disk, short memory, a worker that died, a stop.

What is not known here is a fault of ours, and stays a traceback.
"""

from __future__ import annotations

import errno
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from alignbench.errors import AlignbenchError

_AGAIN = "the same command goes on from here"
_FULL = f"the disk is full: make room, and {_AGAIN}"
_SHUT = "it cannot be written: name a place that can be (store=..., reports=...), or change its permissions"
_BUSY = f"the system has none left for this process: close others, or raise the limit; {_AGAIN}"
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: f"the quota is used up: make room, and {_AGAIN}",
    errno.EFBIG: f"a file may not grow so large here: raise the limit (ulimit -f), and {_AGAIN}",
    errno.EROFS: _SHUT,
    errno.EACCES: _SHUT,
    errno.EPERM: _SHUT,
    errno.EIO: f"the disk reports an error: check it (task=doctor compares every file of the store), and {_AGAIN}",
    errno.ENOENT: f"something removed it while this run used it; {_AGAIN}",
    errno.ESTALE: f"something removed it while this run used it; {_AGAIN}",
    errno.ENOLCK: "this file system has no locks, and a store needs them: mount it with locks, or choose another store",
    errno.ENOSYS: "this file system has no locks, and a store needs them: mount it with locks, or choose another store",
    errno.EMFILE: _BUSY,
    errno.ENFILE: _BUSY,
}
# How libraries that write files by themselves say that the disk is full; torch's writer gives no reason at all.
_SAYS_FULL = re.compile("No space left on device|PytorchStreamWriter failed|unexpected pos")
_SAYS_SHORT = re.compile("can't allocate memory|not enough memory|out of memory", re.IGNORECASE)
_DEAD_WORKERS = ("TerminatedWorkerError", "BrokenProcessPool")
_STOPPED = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "stopped by SIGTERM"}


class Terminated(KeyboardInterrupt):
    """SIGTERM has come: whatever copes with Ctrl-C copes with it."""


def out_of_memory(error: BaseException) -> bool:
    """Whether a computation did not fit, on a GPU or a CPU."""
    short = isinstance(error, RuntimeError) and _SAYS_SHORT.search(str(error)) is not None
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or short


def explained(error: BaseException) -> AlignbenchError | None:
    """What the machine did, as an error for the user; None where nothing says that it was the machine."""
    if isinstance(error, AlignbenchError):
        return error
    for cause in _causes(error):
        # That a file was not there may have been looked at and coped with, before something else went wrong.
        gone = isinstance(cause, OSError) and cause.errno in (errno.ENOENT, errno.ESTALE)
        if (
            isinstance(cause, OSError)
            and cause.errno in _REMEDIES
            and (not gone or (cause is error and cause.filename))
        ):
            return AlignbenchError("file", str(cause.filename or cause.strerror), _REMEDIES[cause.errno])
        if _SAYS_FULL.search(str(cause)):
            return AlignbenchError("file", " ".join(str(cause).split())[:200], _FULL)
        if out_of_memory(cause):
            said = (str(cause) or type(cause).__name__).strip().splitlines()[0][:200]
            remedy = f"lower training.micro_batch or backend.batch_tokens, or run fewer cells at once; {_AGAIN}"
            return AlignbenchError("memory", said, f"there is too little: {remedy}")
        if type(cause).__name__ in _DEAD_WORKERS:
            remedy = f"the system killed it, most often for its memory: run fewer at once; {_AGAIN}"
            return AlignbenchError("hydra.launcher", "a worker died", remedy)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__ or error


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM end the process with one line, and with exit code 130 or 143."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt as stop:
        _stopped(signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT)


def _terminate(*_: Any) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one waits for nothing
    raise Terminated


def _stopped(number: signal.Signals) -> NoReturn:
    sys.stderr.write(f"\nalignbench: {_STOPPED[number]}; {_AGAIN}\n")
    raise SystemExit(128 + number)
