"""Progress with time left: bars at a terminal, plain lines in a file; and log lines that do not tear them."""

import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from tqdm import tqdm

from alignbench.escaping import one_line, printable
from alignbench.ranks import is_main
from alignbench.redaction import redacted

T = TypeVar("T")
_FORMAT = "{desc:<28} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}]"
# After two seconds, gone when done.
_SHOWN: dict[str, Any] = {"delay": 2, "leave": False}
# Seconds between two lines of one piece of work, where no bar can be drawn.
_EVERY = 60.0
# What is said even :func:`quietly`: words that a line may begin with. Of those with one reason, the first.
_ALWAYS = re.compile(r"\s*(note|warning|damage|stale|wait|failed)\b")
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
_reasons: set[str] = set()


def track(items: Iterable[T], label: str, unit: str = "it") -> Iterator[T]:
    """Iterate with a bar that appears only when the work takes longer than two seconds."""
    held = list(items)
    with bar(len(held), label, unit) as moved:
        for item in held:
            yield item
            moved.update(1)


class Bar(Protocol):
    """What moves a bar, or the lines that take its place."""

    def update(self, count: float = 1, /) -> object:
        """So much more is done."""

    def set_postfix_str(self, text: str, /) -> object:
        """A word at its end."""


@contextmanager
def bar(total: int, label: str, unit: str = "it") -> Iterator[Bar]:
    """A bar that the block moves.

    Where standard error is a file, a line a minute takes its place. Of several processes that train together, one
    shows and speaks.
    """
    if is_main() and not sys.stderr.isatty():
        yield Lines(total, label, unit)
        return
    with tqdm(
        total=total, desc=one_line(label), unit=unit, bar_format=_FORMAT + "{postfix}", disable=not is_main(), **_SHOWN
    ) as b:
        yield b


class Lines:
    """Counts like a bar, and says how far it is once a minute: ``  train on options  7/60 update, 0:16 left``."""

    def __init__(self, total: int, label: str, unit: str) -> None:
        self._total, self._label, self._unit = total, label, unit
        self._done, self._word = 0.0, ""
        self._began = self._said = time.monotonic()

    def update(self, count: float = 1) -> None:
        """So much more is done."""
        self._done += count
        now = time.monotonic()
        if now - self._said < _EVERY or self._done >= self._total:
            return
        self._said = now
        left = (now - self._began) * (self._total - self._done) / self._done if self._done else 0.0
        ahead = f", {tqdm.format_interval(left)} left" if self._done else ""
        say_always(f"  {self._label}  {self._done:g}/{self._total} {self._unit}{ahead}{self._word}")

    def set_postfix_str(self, text: str) -> None:
        """A word at the end of its lines."""
        self._word = f", {text}" if text else ""


@contextmanager
def quietly(quiet: bool = True) -> Iterator[None]:
    """Inside, :func:`say` leaves out what is routine or was said of another cell: those of a sweep have a line each."""
    token = _quiet.set(quiet)
    try:
        yield
    finally:
        _quiet.reset(token)


def say(text: str) -> None:
    """One line for the person at the terminal, above any bar; what a terminal would obey is written out."""
    reason = text.partition(": ")[2] or text
    if not _quiet.get() or (_ALWAYS.match(text) and reason not in _reasons):
        _reasons.add(reason)
        say_always(text)


def say_always(text: str) -> None:
    """The same, :func:`quietly` or not."""
    if is_main():
        tqdm.write(printable(redacted(text)))


def duration(seconds: float) -> str:
    """``4.1 s``, ``12 min``, ``3 h 20 min``."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if seconds < 120:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
