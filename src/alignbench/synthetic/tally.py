"""The account of a generation: how many texts were made, how many kept, why the others were dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.progress import say

# Dropped texts shown with each reason. Our choice.
_EXAMPLES = 3


@dataclass
class Tally:
    """Counts of one step. Every text is entered once, as kept or with the reason for which it was dropped.

    Attributes:
        what: plural noun for messages, ``dialogues``.
        dropped: reason -> how many.
        examples: reason -> the first few texts dropped for it.
    """

    what: str
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def made(self) -> int:
        """Kept and dropped together."""
        return self.kept + sum(self.dropped.values())

    def keep(self, count: int = 1) -> None:
        """Enter texts that are kept."""
        self.kept += count

    def drop(self, reason: str, text: str = "") -> None:
        """Enter a text that is not."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(text)

    def enter(self, text: str, reason: str | None) -> bool:
        """Enter a text, which is kept unless there is a reason to drop it; whether it is kept."""
        if reason is None:
            self.keep()
        else:
            self.drop(reason, text)
        return reason is None

    def require(self, least: int, field_: str) -> None:
        """Say the account, and refuse to go on with too little.

        Raises:
            AlignbenchError: fewer than ``least`` were kept; the message names ``field_``, the knob behind it.
        """
        say(f"  {self}")
        if self.kept < least:
            remedy = f"at least {least} are needed: generate more, use a better generator, or loosen the checks"
            raise AlignbenchError(field_, str(self), remedy)

    @property
    def reasons(self) -> str:
        """Why texts were dropped, and how many for each reason."""
        return ", ".join(f"{count} {reason}" for reason, count in self.dropped.items())

    def __str__(self) -> str:
        return f"{self.what}: {self.kept} kept of {self.made}" + (f" (dropped: {self.reasons})" if self.dropped else "")

    def record(self) -> dict[str, Any]:
        """JSON-able, for manifests and cards."""
        return {**asdict(self), "made": self.made}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Tally:
        """Inverse of :meth:`record`."""
        return cls(record["what"], record["kept"], dict(record["dropped"]), dict(record["examples"]))
