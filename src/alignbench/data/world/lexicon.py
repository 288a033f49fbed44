"""The written part of the planted world: countries by zone, questions by topic and battery."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alignbench.data.items import item_from
from alignbench.types import Item, Scale

_FILE = Path(__file__).parents[2] / "resources" / "world" / "world.json"


@dataclass(frozen=True)
class Country:
    """A country of the world; ``culture`` is the name of its YAML."""

    culture: str
    iso3: str
    zone: str


@dataclass(frozen=True)
class ItemStem:
    """What is asked about, and how the traits of a country bear on it.

    Attributes:
        text: goes into the form of its battery.
        loading: logits of endorsement per unit of ``factor``.
        offset: logits of endorsement where all traits are 0.
    """

    text: str
    factor: str
    loading: float
    offset: float


@dataclass(frozen=True)
class Battery:
    """Questions of one topic and one form; whole batteries belong to a split."""

    battery: str
    topic: str
    form: str
    split: str
    items: tuple[ItemStem, ...]


@dataclass(frozen=True)
class Lexicon:
    """``resources/world/world.json``.

    Attributes:
        zones: zone -> mean of each factor.
        forms: form -> its wording, with {x} for the entry's text; "endorsing" says whether the first option endorses
            most (agree strongly) or the last (always right).
    """

    factors: tuple[str, ...]
    zones: dict[str, list[float]]
    countries: tuple[Country, ...]
    forms: dict[str, dict[str, Any]]
    batteries: tuple[Battery, ...]

    def item(self, item_id: str, name: str, battery: Battery, entry: ItemStem) -> Item:
        """The survey question of ``entry``; ``name`` is the name of its battery in the survey."""
        form = self.forms[battery.form]
        options = 10 if form["scale"] == Scale.ten_point.name else len(form["options"])
        record = {
            "id": item_id,
            "topic": battery.topic,
            "battery": name,
            "scale": form["scale"],
            "codes": list(range(1, options + 1)),
            "concept": form["concept"].format(x=entry.text),
            "direction": form["direction"],
            "question": form["question"].format(x=entry.text),
            "options": form["options"],
            "predicates": [predicate.format(x=entry.text) for predicate in form["predicates"]],
        }
        return item_from(str(_FILE.name), record)


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once a process."""
    raw = json.loads(_FILE.read_text(encoding="utf-8"))
    batteries = tuple(Battery(**{**b, "items": tuple(ItemStem(**i) for i in b["items"])}) for b in raw["batteries"])
    places = tuple(Country(**place) for place in raw["countries"])
    return Lexicon(tuple(raw["factors"]), raw["zones"], places, raw["forms"], batteries)
