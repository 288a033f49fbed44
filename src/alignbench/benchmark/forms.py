"""The forms in which benchmarks are published, in one place, so that a file given to the wrong benchmark is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """What a file must hold.

    Attributes:
        name: whose file it is, and what it is called.
        columns: what every row has. Case and blanks around a name do not count.
        optional: what a row may have besides, in the spelling that the loader reads.
        headed: whether the first line of a table names the columns; else they are told by their place.
        kind: what kind of file it is.
        note: what else a reader must know of it.
    """

    name: str
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    headed: bool = True
    kind: str = "a table (CSV, TSV, JSON, JSON Lines or parquet)"
    note: str = ""

    def __str__(self) -> str:
        """In words, for messages."""
        more = f", and if you like {', '.join(self.optional)}" if self.optional else ""
        headed = "" if self.headed else " and no header"
        return f"{self.name}, {self.kind} with {', '.join(self.columns)}{more}{headed}{self.note}"


_LETTERS = ("A", "B", "C", "D")

BLEND_SHORT = Form(
    "BLEnD's <region>_data.json",
    ("ID", "question", "en_question", "annotations", "idks"),
    note=" (annotations are lists of answers, en_answers and count)",
)
BLEND_CHOICE = Form(
    "BLEnD's mc_questions_file.csv",
    ("MCQID", "ID", "country", "prompt", "choices", "answer_idx"),
)
CDEVAL = Form(
    "CDEval.json",
    ("Question", "Option 1", "Option 2", "Domain", "Dimension"),
    note=" (one of PDI, IDV, UAI, MAS, LTO, IVR)",
)
CULTURALBENCH_EASY = Form(
    "CulturalBench-Easy.csv",
    (
        *("data_idx", "question_idx", "prompt_question"),
        *(f"prompt_option_{letter.lower()}" for letter in _LETTERS),
        *("answer", "country"),
    ),
)
CULTURALBENCH_HARD = Form(
    "CulturalBench-Hard.csv",
    ("data_idx", "question_idx", "prompt_question", "prompt_option", "answer", "country"),
    note=" (the answer is true or false)",
)
CULTURECARE = Form(
    "CultureCare's <culture>_data.jsonl",
    ("culture", "post_id", "post"),
    note=" (the post is an object with its text filled in)",
)
GLOBALOPINIONQA = Form("GlobalOpinionQA's global_opinions.csv", ("question", "selections", "options", "source"))
GLOBALOPINIONQA_COUNTRIES = Form(
    "GlobalOpinionQA with a row for each country (GlobalOpinionBench's eval.json)",
    ("country", "question", "options", "distribution"),
)
KORNAT_VALUES = Form("KorNAT's social-values-*.csv", ("Category", "Question", *_LETTERS, "E", "Answer"))
KORNAT_KNOWLEDGE = Form("KorNAT's common-knowledge-*.csv", ("Category", "SubCategory", "Question", *_LETTERS, "Answer"))
MENAVALUES = Form(
    "MenaValues Benchmark.xlsx",
    ("Source", "Min", "MAX", "Scale", "Category", "Sub Category", "Full Question"),
    kind="an Excel workbook",
    note=" and sixteen countries down its first column, and a question in every other",
)
MENAVALUES_TRANSLATIONS = Form(
    "your translations of MENAValues",
    ("item", "language", "question"),
    note=" (ids WVS1 ... AOI864; ar, fa or tr; the whole text of the question)",
)
MULTIPLE_CHOICE = Form(
    "your own multiple-choice questions",
    ("id", "question", "options"),
    ("answer", "shares", "country", "language", "group"),
    note=" (options are texts with | between; say the right one by its letter in answer, or the shares of all with | "
    "between, sum 1)",
)
NORMAD = Form(
    "NormAd's normad_etiquette_final_data.csv",
    ("ID", "Country", "Background", "Subaxis", "Value", "Rule-of-Thumb", "Story", "Gold Label"),
)
STORY_CONCEPTS = Form("EECC's concepts.tsv", ("topic", "concept"), headed=False)
STORY_VECTORS = Form(
    "a table of countries (Hofstede's or the WVS means)",
    ("country", "Demonym"),
    note=", a code before them and a column for each dimension behind (#NULL! is a gap)",
)
TASKS = Form(
    "your task file",
    ("name", "file", "text", "label", "question", "labels", "cultures", "licence"),
    kind="a JSON list",
    note=" (file lies next to it; text and label are its columns; labels maps each label to its wording, two or more; "
    "cultures are ISO 3166 codes of three letters)",
)
# What people also have at hand, and give.
_SURVEY = Form("a file of the World Values Survey", ("B_COUNTRY_ALPHA", "Q1", "Q2"))
FORMS = (
    *(BLEND_SHORT, BLEND_CHOICE, CDEVAL, CULTURALBENCH_EASY, CULTURALBENCH_HARD, CULTURECARE, GLOBALOPINIONQA),
    *(GLOBALOPINIONQA_COUNTRIES, KORNAT_VALUES, KORNAT_KNOWLEDGE, MENAVALUES, MENAVALUES_TRANSLATIONS),
    *(MULTIPLE_CHOICE, NORMAD, STORY_VECTORS, TASKS, _SURVEY),
)


def plain(name: object) -> str:
    """A column's name as it is compared."""
    return str(name).strip().casefold()


def form_of(names: Iterable[object]) -> Form | None:
    """The known form that has these columns, the one with most of its own if there are several; None if none has."""
    there = set(map(plain, names))
    fitting = [form for form in FORMS if form.headed and set(map(plain, form.columns)) <= there]
    return max(fitting, key=lambda form: len(form.columns), default=None)
