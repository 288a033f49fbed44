"""A culture's profile in words, as role-players are told it.

CLCA puts Hofstede's dimensions and the place on the Inglehart-Welzel map into the system prompt, in words (Liu,
Korhonen, Gurevych, ACL 2025). Phrases are ours, five to a dimension. Both sources rest partly on the World Values
Survey (earlier waves): a national summary, no answers to items, but not independent of the survey either.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from alignbench.data.hofstede import country_table, hofstede

_RESOURCES = Path(__file__).parents[1] / "resources"
# Levels of each country on the Inglehart-Welzel map.
_MAP = _RESOURCES / "inglehart_welzel.csv"


def profile(iso3: str) -> str:
    """One sentence per known figure of the country; empty where none is known. Missing figures are left out."""
    words, said = _phrases(), []
    for name, score in hofstede().get(iso3, {}).items():
        dimension = words["hofstede"][name]
        phrase = [phrase for least, phrase in dimension["levels"] if least <= score][-1]
        said.append(dimension["sentence"].format(phrase=phrase))
    for name, level in country_table(_MAP).get(iso3, {}).items():
        dimension = words["inglehart_welzel"][name]
        said.append(dimension["sentence"].format(phrase=dimension["levels"][level - 1]))
    return " ".join(said)


@cache
def _phrases() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_RESOURCES / "scenarios" / "profiles.json").read_text(encoding="utf-8"))
    return content
