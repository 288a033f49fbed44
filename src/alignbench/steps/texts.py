"""Texts of the prompting methods, rendered from the templates next to this file."""

from pathlib import Path
from typing import Any

from alignbench import templates
from alignbench.types import Culture

_PROMPTS = Path(__file__).parent / "prompts"


def wordings(culture: Culture) -> tuple[str, ...]:
    """The ten descriptors of an average person of the culture."""
    text = rendered("cultural_prompt", culture=culture)
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def rendered(name: str, **values: Any) -> str:
    """The text of a template of this room; a name that it does not know is an error."""
    return templates.rendered(_PROMPTS, name, **values)
