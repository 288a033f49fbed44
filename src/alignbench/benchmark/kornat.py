"""KorNAT in its published form: South Korea's social values and common knowledge (Lee et al. 2024, arXiv 2402.13605).

A question of values has five options and what about 219 people chose among them; one of knowledge has four, and the
letter of the right one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_uppercase

from alignbench.benchmark import Provenance, Question
from alignbench.benchmark.files import Record, records
from alignbench.benchmark.forms import KORNAT_KNOWLEDGE, KORNAT_VALUES
from alignbench.benchmark.national_alignment import NationalAlignment
from alignbench.benchmark.published import plain_item
from alignbench.component import recorded
from alignbench.types import Culture

_OPTIONS = ascii_uppercase[:5]
_SHARES = "what people chose, in the order of the options: [0.1, 0.2, 0.4, 0.2, 0.1]"


@dataclass(frozen=True)
class KorNat(NationalAlignment):
    """SVA, A-SVA and N-SVA of the file of values, accuracy (CKA) of that of knowledge."""

    source: str = recorded("Hugging Face jiyounglee0523/KorNAT: social-values-*-test.csv, common-knowledge-*-test.csv")
    licence: str = recorded("CC BY-NC 2.0")
    population: str = recorded("6,174 South Koreans, about 219 a question of values")
    year: str = recorded("2024")
    language: str = recorded("Korean or English, as the file is")

    @property
    def provenance(self) -> Provenance:
        """What the release says, with what the scores assume."""
        known = super().provenance
        assumptions = (
            *known.assumptions,
            "Of the values the column Answer is read as shares, percentages or counts, scaled to sum 1: we could not "
            "see the release's own.",
        )
        collection = "values: asked in a survey; knowledge: from Korean textbooks and exams"
        return replace(known, collection=collection, assumptions=assumptions)

    def questions(self, culture: Culture) -> list[Question]:
        """All questions of the file; none for other countries."""
        if culture.iso3 != "KOR":
            return []
        rows = records(Path(self.path), KORNAT_VALUES, KORNAT_KNOWLEDGE)
        return [_question(str(number), record) for number, record in enumerate(rows, start=1)]


def _question(number: str, record: Record) -> Question:
    text, letters = record.text("Question"), [letter for letter in _OPTIONS if letter in record.cells]
    item = plain_item(number, number, record.text("Category"), text, [record.text(letter) for letter in letters])
    gold = _shares(record, letters) if "E" in letters else record.letter("Answer", len(letters))
    return Question(item, gold, {"language": "ko" if re.search("[가-힣]", text) else "en"})


def _shares(record: Record, letters: Sequence[str]) -> list[float]:
    """Share of each option, from a list or an object by letter, sum 1."""
    given = record.parsed("Answer", (list, tuple, dict), _SHARES)
    values = [given.get(letter) for letter in letters] if isinstance(given, dict) else list(given)
    shares = record.shares("Answer", values, len(letters))
    if not sum(shares):
        raise record.wrong("Answer", values, f"nobody answered; write it as {_SHARES}")
    return [share / sum(shares) for share in shares]
