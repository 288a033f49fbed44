"""Did alignment cost general ability? Sixty questions that have nothing to do with any culture, before and after.

Arithmetic, facts of nature and measure, English, and simple logic, all in our own wording, with four options of which
one is right; every place is right fifteen times. A method's prompt stands before the questions as it does elsewhere.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.published import choice_rows, plain_item, tidy
from alignbench.types import Culture

_ITEMS = Path(__file__).parents[1] / "resources" / "neutral" / "items.jsonl"


@dataclass(frozen=True)
class Neutral(Benchmark):
    """Accuracy, probability of the right option among the options, and option mass."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Our questions."""
        return (_ITEMS,)

    provenance = Provenance(
        population="nobody was asked: the right answers are not a matter of opinion",
        year="2025",
        language="English",
        collection="60 questions written for this package: arithmetic, facts, language, logic, 15 of each",
        licence="Apache-2.0",
        source="bundled",
        assumptions=(
            "The answer is the most probable option, whatever else the model would rather have said: compare "
            "accuracy with the mass of the options. Evenly drawn options score .25.",
            "A fall against the base is damage; sixty easy questions see large damage only. Intervals draw the "
            "twelve groups of five questions.",
            "In the compact form (model=nano) the options are not listed, so that no model can know the answers.",
        ),
    )

    def questions(self, culture: Culture) -> list[Question]:
        """All sixty, whatever the culture."""
        lines = _ITEMS.read_text(encoding="utf-8").splitlines()
        return [_question(json.loads(line)) for line in lines]

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Accuracy and its chance level, probability of the right option, and option mass."""
        return tidy(choice_rows(replies))


def _question(record: dict[str, Any]) -> Question:
    item = plain_item(record["id"], record["battery"], record["topic"], record["question"], record["options"])
    return Question(item, record["answer"])
