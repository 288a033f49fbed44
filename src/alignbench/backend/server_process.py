"""A server of our own, started by the first process that needs it and stopped when the last one leaves."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from filelock import FileLock

from alignbench.backend import server_keeper
from alignbench.backend.server_keeper import GRACE, RUNNING, USERS, hold
from alignbench.errors import AlignbenchError
from alignbench.progress import bar
from alignbench.types import check

_HOST = "127.0.0.1"
# Seconds between two looks at the server. Our choice.
_POLL = 0.2
_LOG_LINES = 15


@dataclass
class SharedServer:
    """A server that processes of one machine share by sharing its folder.

    The folder holds ``server.json`` (port, and the keeper's process id), ``server.log`` and the
    locks; see :mod:`alignbench.backend.server_keeper` for who stops the server.

    Attributes:
        folder: one per machine, command and environment.
        command: of the server, without host and port.
        environment: added to this process's.
        timeout_s: until the server must be healthy.
    """

    folder: Path
    command: Sequence[str]
    environment: Mapping[str, str]
    timeout_s: float
    _seat: int | None = field(default=None, init=False)
    _port: int = field(default=0, init=False)

    def url(self) -> str:
        """Address of the healthy server, which is started if it is not there.

        Raises:
            AlignbenchError: it ended or was not healthy in time; the message holds the end of its log.
        """
        if self._seat is not None and not self.running:
            self.leave()
        if self._seat is None:
            try:
                self._join()
                self._wait()
            except BaseException:
                self.leave()
                raise
        return f"http://{_HOST}:{self._port}"

    def leave(self) -> None:
        """Stop using the server; where nobody else does, returns when it is gone and its memory free."""
        if self._seat is None:
            return
        with FileLock(self.folder / "lock"):
            os.close(self._seat)
            self._seat = None
            if not self._others:
                self._gone()

    @property
    def running(self) -> bool:
        """Whether the server's keeper lives."""
        return not self._free(RUNNING, shared=True)

    @property
    def log(self) -> str:
        """The last lines that the server wrote."""
        lines = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])

    @property
    def _others(self) -> bool:
        """Whether anybody uses the server; its keeper, which may be stopping it, does not count."""
        return not self._free(USERS, shared=False) and self._free(USERS, shared=True)

    def _free(self, name: str, shared: bool) -> bool:
        """Whether such a lock on a file of the folder could be had at once."""
        seat = hold(self.folder / name, shared, wait=False)
        if seat is not None:
            os.close(seat)
        return seat is not None

    def _join(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        state = self.folder / "server.json"
        with FileLock(self.folder / "lock"):
            self._seat = hold(self.folder / USERS, shared=True, wait=False)
            if self._seat is None:  # the keeper holds it: the server is being stopped
                self._gone()
                self._seat = hold(self.folder / USERS, shared=True, wait=True)
            if not self.running:
                port = _free_port()
                state.write_text(json.dumps({"port": port, "pid": self._start(port)}), encoding="utf-8")
            self._port = json.loads(state.read_text(encoding="utf-8"))["port"]

    def _start(self, port: int) -> int:
        """Start a keeper, which inherits the lock on ``running``; its process id."""
        running = hold(self.folder / RUNNING, shared=False, wait=True)
        assert running is not None
        command = [*self.command, "--host", _HOST, "--port", str(port)]
        try:
            with (self.folder / "server.log").open("wb") as log:
                keeper = subprocess.Popen(
                    [sys.executable, server_keeper.__file__, str(self.folder), *command],
                    env={**os.environ, **self.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(running,),
                    start_new_session=True,
                )
        finally:
            os.close(running)
        return keeper.pid

    def _wait(self) -> None:
        """Wait for the server's health."""
        start, shown = time.monotonic(), 0
        with bar(round(self.timeout_s), f"start {Path(self.command[0]).name}", "s") as progress:
            while not _healthy(f"http://{_HOST}:{self._port}/health"):
                waited = time.monotonic() - start
                remedy = f"the end of {self.folder / 'server.log'} says why:\n"
                if not self.running:
                    raise AlignbenchError("backend.start", "the server ended before it was ready", remedy + self.log)
                if waited > self.timeout_s:
                    raise AlignbenchError("backend.start_timeout_s", self.timeout_s, f"not ready; {remedy}{self.log}")
                progress.update(int(waited) - shown)
                shown = int(waited)
                time.sleep(_POLL)

    def _gone(self) -> None:
        """Wait until the keeper has stopped the server."""
        deadline = time.monotonic() + 2 * GRACE
        while self.running:
            check(time.monotonic() < deadline, "backend.start", str(self.folder), "the old server does not stop")
            time.sleep(_POLL)


def _healthy(url: str) -> bool:
    with suppress(OSError, HTTPException), build_opener(ProxyHandler({})).open(url, timeout=5) as reply:
        return bool(reply.status == 200)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
