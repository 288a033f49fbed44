"""Texts of the prompting methods, rendered from the templates beside this file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alignbench import templates
from alignbench.types import Culture

_PROMPTS = Path(__file__).parent / "prompts"


def wordings(culture: Culture) -> tuple[str, ...]:
    """The ten descriptors of an average person of the culture."""
    text = rendered("cultural_prompt", culture=culture)
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def resident(country: str) -> str:
    """The first of these descriptors, for which the country's name is enough."""
    return rendered("resident", country=country)


def persona_text(culture: Culture, person: str) -> str:
    """System text of one respondent; ``person`` goes after "You are"."""
    return rendered("persona", culture=culture, person=person)


def norms_text(norms: Sequence[str]) -> str:
    """System text that lists what people of an unnamed society hold."""
    return rendered("norms", norms=norms)


def rendered(name: str, **values: Any) -> str:
    """The text of a template of this room; a name that it does not know is an error."""
    return templates.rendered(_PROMPTS, name, **values)
