"""CulturalBench: questions that people of 45 regions wrote and checked (Chiu et al. 2024).

Easy: one of four options. Hard: the same options one by one, true or false, and a question counts if all are right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.published import (
    Record,
    choice_rows,
    grouped,
    is_named,
    metric_rows,
    plain_item,
    right,
    table_records,
    tidy,
)
from alignbench.component import OneOf, recorded
from alignbench.errors import AlignbenchError
from alignbench.types import Culture

_LETTERS = ("a", "b", "c", "d")
_EASY = "CulturalBench-Easy.csv: data_idx, question_idx, prompt_question, prompt_option_a ... _d, answer (A-D), country"
_HARD = "CulturalBench-Hard.csv: data_idx, question_idx, prompt_question, prompt_option, answer (true/false), country"
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
            "The easy file's answer is a letter.",
            "Options are asked by number in both orders; true and false too.",
        ),
    )

    def questions(self, culture: Culture) -> list[Question]:
        """The country's questions; in the hard form one for each option."""
        easy = self.form == "easy"
        own = tuple(f"prompt_option_{letter}" for letter in _LETTERS) if easy else ("prompt_option",)
        columns = ("data_idx", "question_idx", "prompt_question", *own, "answer", "country")
        records = table_records(Path(self.path), columns, _EASY if easy else _HARD)
        asked = [record for record in records if is_named(record.text("country"), culture)]
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
    options = [record.text(f"prompt_option_{letter}") for letter in _LETTERS]
    item = plain_item(number, number, "customs", record.text("prompt_question"), options)
    return Question(item, record.letter("answer", len(_LETTERS)))


def _hard(records: Sequence[Record]) -> list[Question]:
    by_question = grouped(records, lambda record: record.text("question_idx"))
    for number, four in by_question.items():
        if len(four) != len(_LETTERS):
            where = f"{four[0].where}, question_idx {number}"
            raise AlignbenchError(where, len(four), f"a question has four rows; give {_HARD}")
    return [_judgement(record, place) for four in by_question.values() for place, record in enumerate(four)]


def _judgement(record: Record, place: int) -> Question:
    number = record.text("question_idx")
    text = f"Question: {record.text('prompt_question')}\nAnswer: {record.text('prompt_option')}\n\nIs this answer true?"
    item = plain_item(f"{number}:{_LETTERS[place]}", number, "customs", text, _OPTIONS)
    return Question(item, _TRUTH.index(record.choice("answer", _TRUTH)))
