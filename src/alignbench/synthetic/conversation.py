"""Requests to a generator or critic, examples as earlier turns: small models follow those better than instructions."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alignbench.types import Chat, Message

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "prompts"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def conversation(name: str, **values: object) -> Chat:
    """The chat of a template: its parts, parted by lines of three dashes, are user and assistant in turn."""
    text = _TEMPLATES.get_template(f"{name}.jinja").render(**values)
    parts = [part.strip() for part in text.split("\n---\n")]
    return tuple(Message(role, part) for role, part in zip(cycle(("user", "assistant")), parts, strict=False))
