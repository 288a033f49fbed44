"""A talk of two people about a survey question: one of them, the delegate, holds what the culture answered.

After CulturePark (Li et al., NeurIPS 2024): cross-cultural with an American contact or within the culture,
self-calibrated or not, guided by a moderator's cues or free. The order of the cues is the paper's; all words are ours.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from alignbench.dialogue import Dialogue, DialogueForm, rendered
from alignbench.dialogue.scenario import Scenario, Side, Speaker, first_names
from alignbench.types import Culture, Item

# The delegate speaks first.
DELEGATE: Side = "a"
# English-speaking contacts as (culture, iso3); an American delegate talks to the second.
_CONTACTS = (("usa", "USA"), ("uk", "GBR"))
# Cues that open a debate and are not repeated.
_OPENING_CUES = 2


@dataclass(frozen=True)
class Party:
    """Where a speaker comes from; ``culture`` is the name of its lexicon."""

    culture: str
    country: str


def parties(culture: Culture, countries: Mapping[str, str], within: bool) -> tuple[Party, Party]:
    """Delegate and contact: both of the culture, or the contact English-speaking.

    Args:
        countries: iso3 -> name.
    """
    delegate = Party(culture.name, culture.country)
    name, iso3 = next(contact for contact in _CONTACTS if contact[1] != culture.iso3)
    return delegate, delegate if within else Party(name, countries[iso3])


def debate(
    item: Item, delegate: Party, contact: Party, attitude: str | None, guided: bool, turns: int, take: int
) -> Dialogue:
    """The opening of a debate about ``item``; equal arguments give equal names.

    Args:
        attitude: what the delegate holds, said by "I"; None leaves out the self-calibration of both speakers.
        turns: how many cues to give where ``guided``.
        take: tells several debates about an item apart.
    """
    rng = random.Random(f"{item.id}/{delegate.culture}/{contact.culture}/{take}")
    name = rng.choice(first_names(delegate.culture))
    other = rng.choice([n for n in first_names(contact.culture) if n != name])
    together = delegate == contact
    goals = ["", ""]
    if attitude is not None:  # what keeps a speaker to their culture
        told = ((delegate, attitude, other), (contact, attitude if together else "", name))
        goals = [rendered("debate_calibration", country=p.country, attitude=said, other=o) for p, said, o in told]
    a = Speaker(name, f"from {delegate.country}", goals[0], "")
    b = Speaker(other, f"from {contact.country}", goals[1], "")
    return Dialogue(
        Scenario(
            id=item.id,
            domain=item.topic,
            norms=(item.concept,),
            relation="neighbours" if together else "acquaintances from two countries",
            setting=item.question,
            a=a,
            b=b,
            tension="",
            culture=delegate.culture,
            seed=take,
        ),
        country=delegate.country if together else None,
        form=DialogueForm.debate,
        cues=_cues((name, other), turns) if guided else (),
    )


def _cues(names: tuple[str, str], turns: int) -> tuple[str, ...]:
    """One cue a turn; ``other`` in it is who listens."""
    listeners = cycle(names[::-1])
    by_turn = (rendered("debate_cues", other=listener).splitlines() for listener in islice(listeners, turns))
    positions = (t if t < _OPENING_CUES else _OPENING_CUES + (t - _OPENING_CUES) % 3 for t in range(turns))
    return tuple(lines[p] for lines, p in zip(by_turn, positions, strict=True))
