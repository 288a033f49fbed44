"""How a chat is sent to a server, and what its log-probabilities must be."""

import math
from collections.abc import Callable, Iterable

from alignbench.errors import AlignbenchError
from alignbench.types import Chat

# How far above zero a log-probability may lie.
_ROUNDING = 1e-3


def messages(chat: Chat) -> list[dict[str, str]]:
    """A chat as it is sent."""
    return [{"role": m.role, "content": m.content} for m in chat]


def require_logs(values: Iterable[float], unscorable: Callable[[str], AlignbenchError]) -> None:
    """Refuse what are no log-probabilities: not a number, or of a probability above one but for rounding."""
    for value in values:
        if math.isnan(value) or value > _ROUNDING:
            raise unscorable(f"it gives {value:g} as a log-probability")
