"""Social scenarios with a conflict of values, and their adaptation to a culture.

In the manner of Sotopia's tasks as CLCA adapts them (Liu, Korhonen, Gurevych, ACL 2025): there a large model rewrites
each scene; here placeholders are filled from a lexicon of the culture, so nothing is generated.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alignbench.errors import AlignbenchError
from alignbench.types import check, one_of

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")

_FOLDER = Path(__file__).parents[1] / "resources" / "scenarios"
SCENARIOS = _FOLDER / "scenarios.jsonl"
LEXICONS = _FOLDER / "cultures.json"
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
_LEXICON_KEYS = ("female", "male", *_WORDS.values())
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
        return {name for text in _texts(asdict(self)) for name in _PLACEHOLDER.findall(text)}


@cache
def load_scenarios(path: Path = SCENARIOS) -> tuple[Scenario, ...]:
    """The scenarios of a JSON-lines file, unfilled.

    Raises:
        AlignbenchError: a line that is not a scenario, an unknown placeholder, an id given twice.
    """
    scenarios = [_scenario(f"{path}, line {number}", line) for number, line in enumerate(_read(path).splitlines(), 1)]
    ids = [scenario.id for scenario in scenarios]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    check(not twice, f"{path}, id", twice, "give each scenario an id of its own")
    return tuple(scenarios)


@cache
def load_lexicons(path: Path = LEXICONS) -> dict[str, Lexicon]:
    """Culture name -> its lexicon: first names by sex, and the words for each placeholder.

    Raises:
        AlignbenchError: not JSON, a key missing or unknown, an empty list, fewer than two names of a sex.
    """
    cultures = _json(str(path), _read(path))
    check(isinstance(cultures, dict), str(path), type(cultures).__name__, "give an object with a lexicon per culture")
    return {name: _lexicon(f"{path}, {name}", lexicon) for name, lexicon in cultures.items()}


def first_names(culture_name: str) -> tuple[str, ...]:
    """First names of a culture, of either sex; names of no single country where it has no lexicon."""
    lexicon = load_lexicons().get(culture_name) or load_lexicons(_GENERIC)["generic"]
    return tuple(dict.fromkeys((*lexicon["female"], *lexicon["male"])))


def adapted(scenario: Scenario, culture_name: str, seed: int, lexicons: Path = LEXICONS) -> Scenario:
    """The scenario among people of a culture; equal arguments give equal words.

    The speakers get two different first names of either sex; a couple gets one of each.

    Raises:
        AlignbenchError: there is no lexicon of that culture.
    """
    known = load_lexicons(lexicons)
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


def _scenario(where: str, line: str) -> Scenario:
    record = _json(where, line)
    _keys(where, record, {f.name for f in fields(Scenario)} - {"culture", "seed"})
    for side in SIDES:
        _keys(f"{where}, {side}", record[side], {"role", "goal", "secret"})
    check(isinstance(record["norms"], list), f"{where}, norms", record["norms"], "give a list of texts")
    for text in _texts(record):
        check(isinstance(text, str) and bool(text.strip()), where, text, "give a text that is not empty")
        unknown = set(_PLACEHOLDER.findall(text)) - {*SIDES, *_WORDS}
        known = ", ".join([*SIDES, *_WORDS])
        check(not unknown, f"{where}, placeholder", sorted(unknown), f"the placeholders are {known}")
        check(not set("{}") & set(_PLACEHOLDER.sub("", text)), where, text, "use braces for placeholders only")
    return Scenario.of(record)


def _lexicon(where: str, lexicon: Any) -> Lexicon:
    _keys(where, lexicon, set(_LEXICON_KEYS))
    lists = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in lexicon.items()}
    for key, words in lists.items():
        sound = bool(words) and all(isinstance(w, str) and w.strip() and not set("{}") & set(w) for w in words)
        check(sound, f"{where}, {key}", words, "give at least one text, without braces")
    for key in ("female", "male"):
        check(len(set(lists[key])) > 1, f"{where}, {key}", lists[key], "give at least two first names")
    return lists


def _keys(where: str, record: Any, wanted: set[str]) -> None:
    found = set(record) if isinstance(record, dict) else record
    check(found == wanted, f"{where}, keys", found, f"give an object with {', '.join(sorted(wanted))}")


def _read(path: Path) -> str:
    check(path.is_file(), "scenarios", str(path), "there is no such file")
    return path.read_text(encoding="utf-8")


def _json(where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise AlignbenchError(where, text[:60], f"this is not JSON: {error.msg}") from error


def _texts(record: Any) -> list[Any]:
    """Everything in a record that should be a text: all but culture and seed."""
    if isinstance(record, dict):
        return [text for key, value in record.items() if key not in ("culture", "seed") for text in _texts(value)]
    if isinstance(record, list | tuple):
        return [text for value in record for text in _texts(value)]
    return [record]


def _mapped(record: Any, change: Callable[[str], str]) -> Any:
    if isinstance(record, dict):
        return {key: _mapped(value, change) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [_mapped(value, change) for value in record]
    return change(record) if isinstance(record, str) else record
