"""Requests to a generator or critic, examples as earlier turns: small models follow those better than instructions."""

from itertools import cycle
from pathlib import Path

from alignbench.templates import rendered
from alignbench.types import Chat, Message

_PROMPTS = Path(__file__).parent / "prompts"


def conversation(name: str, **values: object) -> Chat:
    """The chat of a template: its parts, parted by lines of three dashes, are user and assistant in turn."""
    parts = [part.strip() for part in rendered(_PROMPTS, name, True, **values).split("\n---\n")]
    return tuple(Message(role, part) for role, part in zip(cycle(("user", "assistant")), parts, strict=False))
