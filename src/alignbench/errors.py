"""The one error that a user is meant to read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_SHOWN = 20


class AlignbenchError(Exception):
    """A wrong input or an impossible request, said in one message.

    Args:
        field: what is wrong, named as the user names it (a config key, a file, a column).
        value: the offending value, shown with ``repr`` unless it is already a sentence.
        remedy: what to do about it, as one sentence.

    Attributes:
        parts: the errors that this one lists; empty for a single one.
    """

    parts: tuple[AlignbenchError, ...] = ()

    def __init__(self, field: str, value: object, remedy: str) -> None:
        self.field = field
        self.value = value
        self.remedy = remedy
        super().__init__(f"{field} = {value!r}: {remedy}")

    def at(self, field: str) -> AlignbenchError:
        """The same said of another field."""
        return AlignbenchError(field, self.value, self.remedy)


class Faults:
    """Gathers errors, so that all that is wrong with a file is said at once."""

    def __init__(self) -> None:
        self._found: list[AlignbenchError] = []

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Keep the error that the block raises, and go on behind it."""
        try:
            yield
        except AlignbenchError as error:
            self._found += error.parts or (error,)

    def add(self, field: str, value: object, remedy: str) -> None:
        """Keep an error."""
        self._found.append(AlignbenchError(field, value, remedy))

    def settle(self, file: object) -> None:
        """Raise what was gathered: a single error as it is, several as one list of at most twenty.

        Raises:
            AlignbenchError: there was an error.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            lines = [f"\n  {error}" for error in self._found[:_SHOWN]]
            rest = len(self._found) - _SHOWN
            more = f"\n  and {rest} more" if rest > 0 else ""
            found = AlignbenchError(str(file), f"{len(self._found)} faults", f"mend these:{''.join(lines)}{more}")
            found.parts = tuple(self._found)
            raise found


def refuse(error: AlignbenchError) -> NoReturn:
    """End the process with the message and exit code 2."""
    sys.stderr.write(f"\nalignbench: {error}\n")
    raise SystemExit(2)
