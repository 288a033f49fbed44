"""Progress bars with time left, and log lines that do not tear them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tqdm import tqdm

from alignbench.escaping import one_line, printable
from alignbench.ranks import is_main
from alignbench.redaction import redacted

T = TypeVar("T")
_FORMAT = "{desc:<28} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}]"
# After two seconds, gone when done; of several processes that train together, one shows and speaks.
_SHOWN: dict[str, Any] = {"delay": 2, "leave": False, "disable": not is_main()}


def track(items: Iterable[T], label: str, unit: str = "it") -> Iterator[T]:
    """Iterate with a bar that appears only when the work takes longer than two seconds."""
    yield from tqdm(items, desc=one_line(label), unit=unit, bar_format=_FORMAT, **_SHOWN)


@contextmanager
def bar(total: int, label: str, unit: str = "it") -> Iterator[Any]:
    """A bar to be moved by ``.update(k)``; ``.set_postfix_str`` adds a word at its end."""
    with tqdm(total=total, desc=one_line(label), unit=unit, bar_format=_FORMAT + "{postfix}", **_SHOWN) as b:
        yield b


def say(text: str) -> None:
    """One line for the person at the terminal, above any bar; what a terminal would obey is written out."""
    if is_main():
        tqdm.write(printable(redacted(text)))
