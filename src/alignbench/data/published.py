"""Survey items that papers learn from or test on. Of the former a model may have learnt its answers from public sets.

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
    """A public set.

    Attributes:
        survey: begins the names of the surveys whose item ids it uses.
        learnt: whether models are fine-tuned on it, or on norms made of it; else they are tested on it.
        pool: name of the set that models which are tested on it have learnt from, its own where it is learnt itself;
            empty where there is none.
    """

    name: str
    title: str
    source: str
    survey: str
    learnt: bool
    pool: str
    items: frozenset[str]

    def held(self, survey: Survey) -> tuple[Item, ...]:
        """Those of its items that a survey has, in the survey's order."""
        return tuple(i for i in survey.items if i.id in self.items) if survey.name.startswith(self.survey) else ()


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
    """Title of each set with this survey's ids that is learnt -> how many of ``items`` it has; "any of them" last."""
    sets = [known for known in published_sets() if known.learnt and survey.name.startswith(known.survey)]
    asked = {item.id for item in items}
    counts = {known.title: len(asked & known.items) for known in sets}
    return {**counts, ANY: len(asked & frozenset().union(*(known.items for known in sets)))} if sets else {}


# Key of the items that stand in at least one set.
ANY = "any of them"
