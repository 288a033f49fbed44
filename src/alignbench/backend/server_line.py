"""The connection of one HTTP request, which another thread may cut: a deadline for the whole of it, or a stop."""

import ssl
from contextlib import suppress
from functools import cache, partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)


class Line:
    """The socket of one request; what reads from it when it is cut ends at once."""

    def __init__(self) -> None:
        self.is_cut = False
        self._socket: socket | None = None
        self._lock = Lock()

    def take(self, connected: socket) -> None:
        """This is the socket; it may have been cut before there was one."""
        with self._lock:
            self._socket = connected
            if self.is_cut:
                _shut(connected)

    def cut(self) -> None:
        """End the connection, now or as soon as there is one."""
        with self._lock:
            self.is_cut = True
            if self._socket is not None:
                _shut(self._socket)


def opener(url: str, line: Line) -> OpenerDirector:
    """Opens addresses on ``line``. No redirects, and no proxy for this machine's own servers."""
    own = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    return build_opener(_NoRedirect(), ProxyHandler({} if own else None), _Plain(line), _Secure(line))


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is an error: following it would hand the key to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _OnLine(HTTPConnection):
    """A connection whose socket is the line's."""

    def __init__(self, line: Line, *args: Any, **knobs: Any) -> None:
        super().__init__(*args, **knobs)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self._line.take(self.sock)


class _SecureOnLine(_OnLine, HTTPSConnection):
    """The same by TLS."""


class _Plain(HTTPHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: Request) -> HTTPResponse:
        made: Any = partial(_OnLine, self._line)
        return self.do_open(made, req)


class _Secure(HTTPSHandler):
    def __init__(self, line: Line) -> None:
        super().__init__(context=_trusted())
        self._line = line

    def https_open(self, req: Request) -> HTTPResponse:
        made: Any = partial(_SecureOnLine, self._line)
        return self.do_open(made, req, context=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: the certificates of this machine."""
    return ssl.create_default_context()


def _shut(connected: socket) -> None:
    with suppress(OSError):  # it has ended by itself
        connected.shutdown(SHUT_RDWR)
