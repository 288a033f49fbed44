"""Survey questions in other languages: our wording of items, and of what stands around them.

Made by a language model from our English wording and reviewed by no speaker; ``resources/languages/README.md``
says so, and so does every table that rests on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from alignbench.data.bundle import BUNDLED, bundled
from alignbench.data.items import reworded
from alignbench.types import Item, check

# What every table that rests on another language must say.
TRANSLATED = "Items and prompts in {language} were translated by a language model; no speaker has reviewed them."
_FOLDER = Path(__file__).parents[1] / "resources" / "languages"


@dataclass(frozen=True)
class Phrases:
    """What a survey prompt says besides the question. ``scale`` has the places low, low_text, high, high_text, labels.

    Attributes:
        counted: asks how many of 100 people would give each answer, with the place label; None where not translated.
        think, conclude: ask for reasons before the answer, and for the answer after them; None where not translated.
        systems: iso3 -> wordings of "you are an average person of that country", in that language.
        persona: what stands before a respondent's demographics, and the name of each; may have the place country.
        countries: iso3 -> name, in that language, of the countries that have ``systems``.
    """

    language: str
    name: str
    nothing_asked: str
    scale: str
    scale_number: str
    scale_letter: str
    option_number: str
    option_letter: str
    option_text: str
    systems: Mapping[str, tuple[str, ...]]
    persona: Mapping[str, str]
    counted: str | None = None
    think: str | None = None
    conclude: str | None = None
    countries: Mapping[str, str] = field(default_factory=dict)


def languages() -> list[str]:
    """Codes of the languages that have phrases."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


@cache
def phrases(language: str) -> Phrases:
    """The phrases of a language.

    Raises:
        AlignbenchError: there are none.
    """
    known = languages()
    remedy = f"no phrases in this language; there are {', '.join(known)}"
    check(language in known, "language", language, remedy)
    record = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    systems = {iso3: tuple(texts) for iso3, texts in record.pop("systems").items()}
    unknown = set(record) - {f.name for f in fields(Phrases)}
    check(not unknown, f"{language}.json", sorted(unknown), "remove the unknown keys")
    return Phrases(**record, systems=systems)


@cache
def translations(language: str) -> Mapping[str, Item]:
    """Item id -> the bundled item in that language; items without a translation are left out."""
    found: dict[str, Item] = {}
    for name in BUNDLED:
        path = _FOLDER / name / f"{language}.jsonl"
        if path.is_file():
            items = {item.id: item for item in bundled(name).items}
            for line in path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                found[record["id"]] = reworded(items[record["id"]], record["question"], record["options"])
    return found
