"""Runs a server for as long as somebody uses it: ``python server_keeper.py <folder> <command> ...``.

Two locked files say who is there. Each user holds ``users`` shared; the keeper waits to hold it
alone, which it does when the last user has left, and then stops the server. ``running`` is held
by the keeper itself. The system drops the locks of a process that ends, in whatever way.

Run by its path, so that the keeper loads nothing of the package.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

USERS, RUNNING = "users", "running"
# Seconds that a server may take to stop before it is killed. Our choice.
GRACE = 15.0


def hold(file: Path, shared: bool, wait: bool) -> int | None:
    """Lock ``file``; closing the descriptor returned lets go. None where others hold it and we do not wait."""
    import fcntl  # not on Windows, where the package itself can be imported

    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def keep(folder: Path, command: list[str]) -> int:
    """Run ``command`` until it ends or nobody uses it; its exit status."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def stop_when_unused() -> None:
        hold(folder / USERS, shared=False, wait=True)
        _signal(server, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(GRACE)
        _signal(server, signal.SIGKILL)

    Thread(target=stop_when_unused, daemon=True).start()
    try:
        return server.wait()
    finally:
        # Whatever is left of its process group: vLLM's engine runs in a child of the server.
        _signal(server, signal.SIGKILL)


def _signal(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]))
