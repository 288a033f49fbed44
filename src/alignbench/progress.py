"""Progress bars with time left, and log lines that do not tear them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")
_FORMAT = "{desc:<28} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}]"


def track(items: Iterable[T], label: str, total: int | None = None, unit: str = "it") -> Iterator[T]:
    """Iterate with a bar that appears only when the work takes longer than two seconds."""
    yield from tqdm(items, desc=label, total=total, unit=unit, delay=2, bar_format=_FORMAT, leave=False)


@contextmanager
def bar(total: int, label: str, unit: str = "it") -> Iterator[Any]:
    """A bar to be moved by ``.update(k)``; ``.set_postfix_str`` adds a word at its end."""
    with tqdm(total=total, desc=label, unit=unit, delay=2, bar_format=_FORMAT + "{postfix}", leave=False) as b:
        yield b


def say(text: str) -> None:
    """One line for the person at the terminal, above any bar."""
    tqdm.write(text)
