"""One HTTP request to an OpenAI-compatible server: sent again while that may help, else refused with a plain reason."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from threading import Event, Timer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request

from alignbench.backend.server_line import Line, opener

# Seconds. A server that asks for more patience is as good as gone. Our choice.
_LONGEST_WAIT = 300.0
_SHOWN = 300
# Bytes. No reply to one chat is longer, and one that never ends must not fill the memory. Our choice.
_LONGEST_REPLY = 64 << 20


@dataclass(eq=False)
class Failure(Exception):
    """A request that came to nothing.

    Attributes:
        reason: one line.
        status: HTTP status; None where there was no reply.
        wait: seconds after which the server wants to be asked again; None where it does not say.
        transient: whether the same request may succeed later.
        unreachable: nobody listens at this address.
        garbled: there was a reply, and it made no sense.
    """

    reason: str
    status: int | None = None
    wait: float | None = None
    transient: bool = False
    unreachable: bool = False
    garbled: bool = False


@dataclass(frozen=True)
class Client:
    """Knobs of one request.

    Attributes:
        key: sent as bearer token; never written anywhere, cut out of the server's messages.
        timeout_s: of one attempt, from its first byte to its last: a reply that drips in is cut, too.
        retries: attempts after the first.
        backoff_s: wait before the first retry; doubled for each further one.
    """

    key: str
    timeout_s: float
    retries: int
    backoff_s: float
    _lines: set[Line] = field(default_factory=set, repr=False)

    def abandon(self) -> None:
        """Cut every request that is under way: nobody waits for its reply."""
        for line in list(self._lines):
            line.cut()

    def post(self, url: str, body: Any, stop: Event | None = None) -> bytes:
        """The reply's body.

        Waits between attempts follow Retry-After where the server sends it, and else double, with
        jitter so that many clients do not come back at once. 408, 429, 5xx, timeouts and broken
        connections are worth another attempt.

        Args:
            stop: once it is set there is no further attempt.

        Raises:
            Failure: refused, or no attempt is left.
        """
        stop = stop or Event()
        attempt = 0
        while True:
            try:
                return self._attempt(url, body, stop)
            except Failure as failure:
                longest = min(self.backoff_s * 2**attempt, _LONGEST_WAIT)
                pause = random.uniform(longest / 2, longest) if failure.wait is None else failure.wait
                if not failure.transient or attempt == self.retries or pause > _LONGEST_WAIT or stop.wait(pause):
                    raise
            attempt += 1

    @contextmanager
    def _line(self, stop: Event) -> Iterator[Line]:
        """A line that is cut when the time is over, or when nobody waits any more."""
        line = Line()
        self._lines.add(line)
        if stop.is_set():
            line.cut()
        deadline = Timer(self.timeout_s, line.cut)
        deadline.daemon = True
        deadline.start()
        try:
            yield line
        finally:
            deadline.cancel()
            self._lines.discard(line)

    def _attempt(self, url: str, body: Any, stop: Event) -> bytes:
        with self._line(stop) as line:
            try:
                content = self._sent(url, body, line)
            except Failure:
                if line.is_cut:
                    raise self._timed_out() from None
                raise
        # A line that was cut looks like the end of a reply that does not say how long it is.
        if line.is_cut:
            raise self._timed_out()
        if len(content) > _LONGEST_REPLY:
            raise Failure(f"a reply of more than {_LONGEST_REPLY >> 20} MiB", garbled=True)
        return content

    def _sent(self, url: str, body: Any, line: Line) -> bytes:
        headers = {"Content-Type": "application/json", "User-Agent": "alignbench"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = Request(url, json.dumps(body).encode(), headers)
        try:
            with opener(url, line).open(request, timeout=self.timeout_s) as reply:
                content: bytes = reply.read(_LONGEST_REPLY + 1)
                if reply.length:  # read() up to a bound does not say that the end is missing
                    raise Failure(f"the connection broke ({reply.length} bytes are missing)", transient=True)
                return content
        except HTTPError as error:
            with error:
                raise self._refused(error) from None
        except TimeoutError:
            raise self._timed_out() from None
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise self._timed_out() from None
            broken = isinstance(error.reason, ConnectionResetError | BrokenPipeError)
            raise Failure(str(error.reason), transient=broken, unreachable=not broken) from None
        except (OSError, HTTPException) as error:
            raise Failure(f"the connection broke ({error or type(error).__name__})", transient=True) from None

    def _refused(self, error: HTTPError) -> Failure:
        try:
            said = _message(error.read())
        except (OSError, HTTPException):
            said = ""
        if self.key:
            said = said.replace(self.key, "***")
        status = error.code
        transient = status in (408, 429) or status >= 500
        wait = _seconds(error.headers.get("Retry-After")) if transient else None
        return Failure(f"{status} {said or error.reason}", status, wait=wait, transient=transient)

    def _timed_out(self) -> Failure:
        return Failure(f"no reply within {self.timeout_s:g} s", transient=True)


def _message(content: bytes) -> str:
    """What the server says, in one line: its error message in OpenAI's form, or the body's beginning."""
    text = content.decode("utf-8", "replace")
    with suppress(ValueError, KeyError, TypeError):
        text = json.loads(text)["error"]["message"]
    return " ".join(str(text).split())[:_SHOWN]


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date; None where it is absent or neither."""
    if retry_after is None:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            wait = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, wait)
