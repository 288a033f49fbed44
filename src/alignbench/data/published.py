"""Survey items that stand in public fine-tuning sets: a model may have learned its answers to them from there.

Ids only, as the published code lists them; no text of the sets travels with the package.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alignbench.data.survey import Survey
from alignbench.types import Item, one_of

_FILE = Path(__file__).parents[1] / "resources" / "published_items.json"


@dataclass(frozen=True)
class PublishedSet:
    """A public set; ``survey`` begins the names of the surveys whose item ids it uses."""

    name: str
    title: str
    source: str
    survey: str
    items: frozenset[str]


@cache
def published_sets() -> tuple[PublishedSet, ...]:
    """All sets that we know of."""
    records = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(PublishedSet(**{**record, "items": frozenset(record["items"])}) for record in records)


def published_set(name: str) -> PublishedSet:
    """The set of that name.

    Raises:
        AlignbenchError: there is none.
    """
    found = {known.name: known for known in published_sets()}
    one_of("published set", name, tuple(found))
    return found[name]


def exposure(survey: Survey, items: tuple[Item, ...]) -> dict[str, int]:
    """Title of each set that uses this survey's ids -> how many of ``items`` stand in it; "any of them" last."""
    sets = [known for known in published_sets() if survey.name.startswith(known.survey)]
    asked = {item.id for item in items}
    counts = {known.title: len(asked & known.items) for known in sets}
    return {**counts, ANY: len(asked & frozenset().union(*(known.items for known in sets)))} if sets else {}


# Key of the items that stand in at least one set.
ANY = "any of them"
