"""BLEnD: everyday knowledge of a region, in short answers and in multiple choice (Myung et al. 2024).

Asked and matched in English. Short answers count if they hold an answer that people of the region gave; the choices
of the other form are answers of other regions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.files import Record, records
from alignbench.benchmark.forms import BLEND_CHOICE, BLEND_SHORT
from alignbench.benchmark.published import choice_rows, metric_rows, plain_item, tidy
from alignbench.component import OneOf, recorded
from alignbench.evaluation.measures.short_answer import Annotation, answerable, soft_exact_match, words
from alignbench.types import Culture, check

# Region, as the files are named -> country. Regions inside a country do not stand for it.
REGIONS = {
    "Algeria": "DZA", "Azerbaijan": "AZE", "China": "CHN", "Ethiopia": "ETH", "Greece": "GRC", "Indonesia": "IDN",
    "Iran": "IRN", "Mexico": "MEX", "North_Korea": "PRK", "South_Korea": "KOR", "Spain": "ESP", "UK": "GBR",
    "US": "USA", "Assam": None, "Northern_Nigeria": None, "West_Java": None,
}  # fmt: skip
# Where the published prompt's question ends and its instructions begin.
_INSTRUCTIONS = " Without any explanation, choose only one"

# Plurals in -es: glasses, boxes, dishes, and of longer words potatoes.
_ES = re.compile(r"(?<=ss)es$|(?<=zz)es$|(?<=x)es$|(?<=[cs]h)es$|(?<=\w{3}o)es$")


@dataclass(frozen=True)
class Blend(Benchmark):
    """Questions of one region."""

    # Folder of the annotation files (form=short), or the multiple-choice CSV (form=choice).
    path: str = recorded("???")
    # short: one short answer; choice: one of four.
    form: Annotated[str, OneOf("short", "choice")] = "short"
    # A region by the name of its file (West_Java); empty: the region that is the culture's country.
    region: Annotated[str, OneOf("", *REGIONS)] = ""
    # Ask as a person of the region who explains its ways to a foreigner.
    persona: bool = False
    # Also count an answer whose letters are anywhere in the reply, inside words too, as the published code does.
    match_substrings: bool = False

    provenance = Provenance(
        population="about five annotators a question in each of 16 regions",
        year="2024",
        language="English here; the release has 13 languages",
        collection="questions written by people of the regions, answered by annotators who lived there",
        licence="CC BY-SA 4.0",
        source="github.com/nlee0212/BLEnD (data/annotations), Hugging Face nayeon212/BLEnD (both forms)",
        assumptions=(
            "What a handful of annotators answered is what the region's people do.",
            "English plurals are folded by a small rule; the release lemmatises with spaCy.",
            "The choice form is asked by option number in both orders; the release lets the model write JSON.",
        ),
    )

    @property
    def files(self) -> tuple[Path, ...]:
        """Every annotation file of the folder, or the CSV."""
        path = Path(self.path)
        if self.form == "choice":
            return (path,)
        found = tuple(sorted(path.glob("*_data.json")))
        check(bool(found), "benchmark.path", self.path, f"give the folder with {BLEND_SHORT}")
        return found

    def questions(self, culture: Culture) -> list[Question]:
        """Questions of the culture's region that enough annotators could answer."""
        region = self.region or next((name for name, iso3 in REGIONS.items() if iso3 == culture.iso3), None)
        if region is None:
            return []
        place = culture.country if not self.region else region.replace("_", " ")
        return self._short(region, place) if self.form == "short" else self._choice(region, place)

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """SEM-B and SEM-W within [0, 100] for short answers, accuracy and what goes with it for choices."""
        if self.form == "choice":
            return tidy(choice_rows(replies))
        rows = []
        for reply in replies:
            truth = [Annotation(tuple(answers), votes) for answers, votes in reply.question.gold]
            binary, weighted = soft_exact_match(reply.text, truth, lemmas, self.match_substrings)
            rows += metric_rows(reply.question, sem_b=binary, sem_w=weighted)
        return tidy(rows)

    def _framing(self, place: str) -> str | None:
        return f"You are from {place} and tell a visitor from abroad about life there." if self.persona else None

    def _short(self, region: str, place: str) -> list[Question]:
        found = []
        for number, record in _by_id(Path(self.path) / f"{region}_data.json").items():
            annotations, idks = _annotations(record), record.inner("idks")
            if answerable(annotations, *(idks.count(key) for key in ("no-answer", "not-applicable", "idk"))):
                asked = record.text("en_question").replace("your country", place)
                user = f"{asked}\n\nGive one short answer and nothing else."
                gold = [[list(a.answers), a.votes] for a in annotations]
                item = plain_item(number, number, "everyday life", asked)
                found.append(Question(item, gold, framing=self._framing(place), user=user))
        return found

    def _choice(self, region: str, place: str) -> list[Question]:
        return [
            _multiple_choice(record, self._framing(place))
            for record in records(Path(self.path), BLEND_CHOICE)
            if record.text("country").replace(" ", "_") == region
        ]


def lemmas(text: str) -> list[str]:
    """Words with English plurals folded into one spelling with the singular; ours, in place of a lemmatiser."""
    return [_folded(word) for word in words(text)]


def _folded(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = _ES.sub("", word) if _ES.search(word) else word[:-1]
    return f"{word[:-2]}y" if word.endswith("ie") else word


def _by_id(path: Path) -> dict[str, Record]:
    """Records by question id: keys of an object (GitHub) or fields of a list's entries (Hugging Face)."""
    rows = records(path, BLEND_SHORT)
    found = {record.text("ID"): record for record in rows}
    check(len(found) == len(rows), str(path), "an ID occurs twice", "keep one of each")
    return found


def _annotations(record: Record) -> list[Annotation]:
    """Answers with an English spelling that somebody gave."""
    found = [Annotation(part.texts("en_answers"), part.count("count")) for part in record.entries("annotations")]
    return [a for a in found if a.answers and a.votes]


def _multiple_choice(record: Record, framing: str | None) -> Question:
    asked, instructions, _ = record.text("prompt").partition(_INSTRUCTIONS)
    if not instructions:
        raise record.wrong("prompt", asked[:60], f"the question must end before {_INSTRUCTIONS.strip()!r}")
    choices, answer = record.parsed("choices", dict, '{"A": "tea", "B": "milk"}'), record.text("answer_idx")
    if answer not in choices:
        raise record.wrong("answer_idx", answer, "it must be a letter of the choices")
    options = [str(text) for text in choices.values()]
    item = plain_item(record.text("MCQID"), record.text("ID"), "everyday life", asked, options)
    return Question(item, list(choices).index(answer), framing=framing)
