"""One HTTP request to an OpenAI-compatible server: sent again while that may help, else refused with a plain reason."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

# Seconds. A server that asks for more patience is as good as gone. Our choice.
_LONGEST_WAIT = 300.0
_SHOWN = 300


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
        timeout_s: of one attempt.
        retries: attempts after the first.
        backoff_s: wait before the first retry; doubled for each further one.
    """

    key: str
    timeout_s: float
    retries: int
    backoff_s: float

    def post(self, url: str, body: Any, wait: Callable[[float], object] = time.sleep) -> bytes:
        """The reply's body.

        Waits between attempts follow Retry-After where the server sends it, and else double, with
        jitter so that many clients do not come back at once. 408, 429, 5xx, timeouts and broken
        connections are worth another attempt.

        Args:
            wait: sleeps for so many seconds; returns something true to end the attempts.

        Raises:
            Failure: refused, or no attempt is left.
        """
        attempt = 0
        while True:
            try:
                return self._attempt(url, body)
            except Failure as failure:
                longest = min(self.backoff_s * 2**attempt, _LONGEST_WAIT)
                pause = random.uniform(longest / 2, longest) if failure.wait is None else failure.wait
                if not failure.transient or attempt == self.retries or pause > _LONGEST_WAIT or wait(pause):
                    raise
            attempt += 1

    def _attempt(self, url: str, body: Any) -> bytes:
        headers = {"Content-Type": "application/json", "User-Agent": "alignbench"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = Request(url, json.dumps(body).encode(), headers)
        try:
            with _opener(url).open(request, timeout=self.timeout_s) as reply:
                content: bytes = reply.read()
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


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is an error: following it would hand the key to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str) -> OpenerDirector:
    """No redirects, and no proxy for this machine's own servers."""
    own = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    return build_opener(_NoRedirect(), ProxyHandler({} if own else None))


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
