"""CulturalBench: questions that people of 45 regions wrote and checked (Chiu et al. 2024).

Easy: one of four options. Hard: the same options one by one, true or false, and a question counts if all are right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.files import Record, records
from alignbench.benchmark.forms import CULTURALBENCH_EASY, CULTURALBENCH_HARD
from alignbench.benchmark.published import choice_rows, grouped, is_named, metric_rows, plain_item, right, tidy
from alignbench.component import OneOf, recorded
from alignbench.errors import AlignbenchError
from alignbench.types import Culture

_LETTERS = ("a", "b", "c", "d")
_TRUTH = ("true", "false")
_OPTIONS = ("True", "False")


@dataclass(frozen=True)
class CulturalBench(Benchmark):
    """Questions about the culture's country."""

    # CulturalBench-Easy.csv or CulturalBench-Hard.csv, as form says.
    path: str = recorded("???")
    form: Annotated[str, OneOf("easy", "hard")] = "easy"

    provenance = Provenance(
        population="writers from 45 regions; five annotators of the region checked each question",
        year="2024",
        language="English",
        collection="written by people with an AI's help, kept where most annotators of the region agreed",
        licence="CC BY 4.0",
        source="Hugging Face kellycyy/CulturalBench",
        assumptions=(
            "A question has one right option, the same for all people of the region.",
            "The easy file's answer is a letter. An option that is blank in the release is not asked.",
            "Options are asked by number in both orders; true and false too.",
        ),
    )

    def questions(self, culture: Culture) -> list[Question]:
        """The country's questions; in the hard form one for each option."""
        easy = self.form == "easy"
        rows = records(Path(self.path), CULTURALBENCH_EASY if easy else CULTURALBENCH_HARD)
        asked = [record for record in rows if is_named(record.text("country"), culture)]
        return [_easy(record) for record in asked] if easy else _hard(asked)

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Accuracy with its references; in the hard form of single judgements, and ``all_of_four`` by question.

        A question of the hard form counts 1 if all four judgements are right, else 0; evenly drawn ones score 1/16.
        """
        rows = choice_rows(replies)
        if self.form == "hard":
            for question, four in grouped(replies, lambda reply: reply.question.item.battery).items():
                found = {"all_of_four": all(map(right, four)), "all_of_four_uniform": 0.5 ** len(four)}
                rows += [{**row, "item": question} for row in metric_rows(four[0].question, **found)]
        return tidy(rows)


def _easy(record: Record) -> Question:
    number = record.text("question_idx")
    options = {letter: text for letter in _LETTERS if (text := record.given(f"prompt_option_{letter}"))}
    if len(options) < 2:
        raise record.wrong("prompt_option_a to _d", list(options.values()), "fill in two of them or more")
    item = plain_item(number, number, "customs", record.text("prompt_question"), list(options.values()))
    return Question(item, list(options).index(record.choice("answer", list(options))))


def _hard(records: Sequence[Record]) -> list[Question]:
    by_question = grouped(records, lambda record: record.text("question_idx"))
    for number, four in by_question.items():
        if len(four) != len(_LETTERS):
            where = f"{four[0].where}, question_idx {number}"
            raise AlignbenchError(where, len(four), "a question has four rows")
    pairs = [pair for four in by_question.values() for pair in enumerate(four)]
    return [_judgement(record, place) for place, record in pairs if record.given("prompt_option")]


def _judgement(record: Record, place: int) -> Question:
    number = record.text("question_idx")
    text = f"Question: {record.text('prompt_question')}\nAnswer: {record.text('prompt_option')}\n\nIs this answer true?"
    item = plain_item(f"{number}:{_LETTERS[place]}", number, "customs", text, _OPTIONS)
    return Question(item, _TRUTH.index(record.choice("answer", _TRUTH)))
