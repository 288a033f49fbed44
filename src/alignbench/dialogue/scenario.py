"""Social scenarios with a conflict of values, and their adaptation to a culture.

In the manner of Sotopia's tasks as CLCA adapts them (Liu, Korhonen, Gurevych, ACL 2025): there a large model rewrites
each scene; here placeholders are filled from a lexicon of the culture, so nothing is generated.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alignbench.types import one_of

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")

_FOLDER = Path(__file__).parents[1] / "resources" / "scenarios"
_SCENARIOS = _FOLDER / "scenarios.jsonl"
_LEXICONS = _FOLDER / "cultures.json"
_GENERIC = _FOLDER / "generic.json"

# Placeholder -> key of the lexicon.
_WORDS = {
    "place": "places",
    "home_place": "home_places",
    "occasion": "occasions",
    "meal": "meals",
    "gift": "gifts",
    "greeting_custom": "greeting_customs",
    "authority": "authorities",
    "currency": "currency",
}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Lexicon = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Speaker:
    """One of the two in a scene. ``goal`` and ``secret`` are known to this speaker alone."""

    name: str
    role: str
    goal: str
    secret: str


@dataclass(frozen=True)
class Scenario:
    """A scene for two speakers.

    Attributes:
        norms: what the conflict touches, in a few words each.
        relation: what the two are to each other; known to both.
        setting: where and how the scene begins; known to both.
        tension: the two values that pull apart; for analysis, told to nobody.
        culture: whose words fill the placeholders; None for generic words, and before filling.
        seed: of the choice of words.
    """

    id: str
    domain: str
    norms: tuple[str, ...]
    relation: str
    setting: str
    a: Speaker
    b: Speaker
    tension: str
    culture: str | None = None
    seed: int = 0

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Scenario:
        """From a record as JSON holds it; the speakers' names default to the placeholders ``{a}`` and ``{b}``."""
        values = dict(record, norms=tuple(record["norms"]))
        for side in SIDES:
            values[side] = Speaker(**{"name": f"{{{side}}}", **record[side]})
        return cls(**values)

    def speaker(self, side: Side) -> Speaker:
        """The speaker of that side."""
        return self.a if side == "a" else self.b

    @property
    def placeholders(self) -> set[str]:
        """Names of the placeholders still to be filled."""
        return set(_PLACEHOLDER.findall(str(astuple(self))))


@cache
def load_scenarios() -> tuple[Scenario, ...]:
    """All scenarios, unfilled."""
    return tuple(Scenario.of(json.loads(line)) for line in _SCENARIOS.read_text(encoding="utf-8").splitlines())


@cache
def load_lexicons(path: Path = _LEXICONS) -> dict[str, Lexicon]:
    """Culture name -> its lexicon: first names by sex, and the words for each placeholder."""
    cultures = json.loads(path.read_text(encoding="utf-8"))
    return {
        culture: {key: (words,) if isinstance(words, str) else tuple(words) for key, words in lexicon.items()}
        for culture, lexicon in cultures.items()
    }


def first_names(culture_name: str) -> tuple[str, ...]:
    """First names of a culture, of either sex; names of no single country where it has no lexicon."""
    lexicon = load_lexicons().get(culture_name) or load_lexicons(_GENERIC)["generic"]
    return tuple(dict.fromkeys((*lexicon["female"], *lexicon["male"])))


def adapted(scenario: Scenario, culture_name: str, seed: int) -> Scenario:
    """The scenario among people of a culture; equal arguments give equal words.

    The speakers get two different first names of either sex; a couple gets one of each.

    Raises:
        AlignbenchError: there is no lexicon of that culture.
    """
    known = load_lexicons()
    one_of("culture of the scenarios", culture_name, sorted(known))
    return _filled(scenario, culture_name, known[culture_name], seed)


def unadapted(scenario: Scenario, seed: int) -> Scenario:
    """The scenario with names of no single country or sex and generic words: the control without adaptation."""
    return _filled(scenario, None, load_lexicons(_GENERIC)["generic"], seed)


def _filled(scenario: Scenario, culture: str | None, lexicon: Lexicon, seed: int) -> Scenario:
    rng = random.Random(f"{scenario.id}/{culture}/{seed}")
    first, second = _names(scenario, lexicon, rng)
    words = {"a": first, "b": second} | {word: rng.choice(lexicon[key]) for word, key in _WORDS.items()}
    record = _mapped(asdict(scenario), lambda text: _PLACEHOLDER.sub(lambda found: words[found[1]], text))
    return Scenario.of({**record, "culture": culture, "seed": seed})


def _names(scenario: Scenario, lexicon: Lexicon, rng: random.Random) -> list[str]:
    if not scenario.relation.endswith("couple"):
        return rng.sample(sorted({*lexicon["female"], *lexicon["male"]}), 2)
    woman = rng.choice(lexicon["female"])
    names = [woman, rng.choice([name for name in lexicon["male"] if name != woman])]
    rng.shuffle(names)
    return names


def _mapped(record: Any, change: Callable[[str], str]) -> Any:
    if isinstance(record, dict):
        return {key: _mapped(value, change) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [_mapped(value, change) for value in record]
    return change(record) if isinstance(record, str) else record
