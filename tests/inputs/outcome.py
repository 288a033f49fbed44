"""What every input must end in: a result, or one error that names field, value and remedy, soon."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alignbench.errors import AlignbenchError

# Seconds after which a case counts as hanging; a busy machine is slow.
PATIENCE = 60


def ends_well(read: Callable[[], Any]) -> AlignbenchError | None:
    """Call ``read``: None where it gives a result, the error where it refuses with one.

    Whatever else it raises passes, and so does a case that takes longer than ``PATIENCE``.
    """
    try:
        with soon():
            read()
    except AlignbenchError as error:
        assert error.field.strip(), f"no field: {error}"
        assert len(error.remedy.strip()) > 8, f"no remedy: {error}"
        assert "Traceback" not in str(error), str(error)
        assert len(str(error)) < 20_000, f"{len(str(error))} characters"
        return error
    return None


@contextmanager
def soon() -> Iterator[None]:
    """Raise ``TimeoutError`` inside after ``PATIENCE``."""

    def late(*_: object) -> None:
        raise TimeoutError(f"it hangs: {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
