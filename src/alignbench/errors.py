"""The one error that a user is meant to read."""

from __future__ import annotations

import sys
from enum import Enum
from typing import NoReturn

from alignbench.escaping import printable
from alignbench.redaction import redacted


class AlignbenchError(Exception):
    """A wrong input or an impossible request, said in one message.

    Args:
        field: what is wrong, named as the user names it (a config key, a file, a column).
        value: the offending value, shown with ``repr``; an enum by the name that a user types.
        remedy: what to do about it, as one sentence.
    """

    def __init__(self, field: str, value: object, remedy: str) -> None:
        self.field = field
        self.value = value
        self.remedy = remedy
        shown = value.name if isinstance(value, Enum) else repr(value)
        super().__init__(f"{field} = {shown}: {remedy}")

    def at(self, field: str) -> AlignbenchError:
        """The same said of another field."""
        return AlignbenchError(field, self.value, self.remedy)


def refuse(error: AlignbenchError) -> NoReturn:
    """End the process with the message and exit code 2."""
    sys.stderr.write(printable(redacted(f"\nalignbench: {error}\n")))
    raise SystemExit(2)
