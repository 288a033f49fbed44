"""Texts of the prompting methods, rendered from the templates next to this file."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from alignbench import templates
from alignbench.data.languages import phrases
from alignbench.data.people import FIELDS, Person
from alignbench.types import Culture, check

_PROMPTS = Path(__file__).parent / "prompts"


class PersonaForm(Enum):
    """How a model is told whom it speaks for."""

    sentence = "sentence"  # sex, age, schooling, kind of place and marital status, in a sentence
    fields = "fields"  # all that the survey says of CLCA's twelve fields, a line each


def personas(
    culture: Culture, people: Sequence[Person], form: PersonaForm, knob: str, language: str = "en"
) -> tuple[tuple[str, ...], str | None]:
    """A system text for each person, and which fields nobody has.

    In another language the names of the fields are translated, and what stands in them is English, as in the survey.

    Raises:
        AlignbenchError: fields are wanted of assumed people; the message names ``knob``.
    """
    if form is PersonaForm.sentence:
        return tuple(rendered("persona", culture=culture, person=person.words) for person in people), None
    remedy = "this survey holds no respondents, and none are made up: survey=wvs7_official with your download"
    check(all(person.fields for person in people), knob, form.name, remedy)
    said = phrases(language)
    country = said.countries.get(culture.iso3, culture.country)
    named = {name: text.format(country=country) for name, text in said.persona.items()}
    texts = ["\n".join([named["opening"], *_lines(person, named)]) for person in people]
    lacking = [name for name in FIELDS if not any(name in person.fields for person in people)]
    of = len(FIELDS) + 1
    note = f"Personas have {of - len(lacking)} of CLCA's {of} fields: the survey holds no {', '.join(lacking)}."
    return tuple(texts), note if lacking else None


def _lines(person: Person, named: Mapping[str, str]) -> list[str]:
    return [f"{named[name]}: {person.fields[name]}" for name in FIELDS if name in person.fields]


def wordings(culture: Culture) -> tuple[str, ...]:
    """The ten descriptors of an average person of the culture."""
    text = rendered("cultural_prompt", culture=culture)
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def rendered(name: str, **values: Any) -> str:
    """The text of a template of this room; a name that it does not know is an error."""
    return templates.rendered(_PROMPTS, name, **values)
