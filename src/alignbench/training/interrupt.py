"""A signal to end is postponed to the end of the update, so that a training can save itself first.

Slurm sends one before it takes a job's node away, and kills what is still there when the grace time is over. Who waits
longer than that loses no more than a kill would have taken.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from alignbench import ranks
from alignbench.progress import say

# SIGUSR2 is what submitit has Slurm send before the time limit, and on preemption.
_ENDINGS = (signal.SIGTERM, signal.SIGUSR2)
# Variable that holds the seconds between a signal and the moment when it must have been obeyed.
GRACE = "ALIGNBENCH_GRACE"
_GRACE = 20


class Ending:
    """A signal that came during a training, and what its handlers would have done."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._came: int | None = None

    @property
    def asked(self) -> bool:
        """Whether the training shall save itself after this update; rank 0 decides for all."""
        return ranks.agreed(self._came is not None)

    def obey(self) -> None:
        """Do what the signal would have done at once, if one came; returns where that was nothing."""
        signal.alarm(0)
        came, self._came = self._came, None
        if came is None:
            return
        before = self._before[came]
        if callable(before):
            before(came, None)
        elif before != signal.SIG_IGN:
            signal.signal(came, signal.SIG_DFL)
            signal.raise_signal(came)

    def take(self, number: int, frame: FrameType | None) -> None:
        """The handler: remember the signal, and see to it that it is obeyed in time."""
        if self._came is None:
            say(f"  signal {signal.Signals(number).name}: this training saves itself after the update, and ends")
            signal.alarm(max(1, int(os.environ.get(GRACE, _GRACE))))
        self._came = number

    def attach(self) -> None:
        """Become the handler of every signal to end."""
        self._before = {number: signal.signal(number, self.take) for number in _ENDINGS}
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, lambda *_: self.obey())

    def detach(self) -> None:
        """Give the signals back to those that had them."""
        signal.alarm(0)
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_DFL if before is None else before)


@contextmanager
def postponed() -> Iterator[Ending]:
    """Inside, signals to end wait for :meth:`Ending.obey`; in a thread, which gets no signals, nothing is changed."""
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    ending.attach()
    try:
        yield ending
    finally:
        ending.detach()
        ending.obey()
