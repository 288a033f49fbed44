"""Every published form is read in every kind of file, and whatever else is given is told what it is."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pytest
from openpyxl import Workbook

from alignbench.benchmark import Question
from alignbench.benchmark.blend import Blend
from alignbench.benchmark.cdeval import CDEval
from alignbench.benchmark.content_moderation import ContentModeration
from alignbench.benchmark.culturalbench import CulturalBench
from alignbench.benchmark.empathy import Empathy
from alignbench.benchmark.forms import (
    BLEND_CHOICE,
    BLEND_SHORT,
    CDEVAL,
    CULTURALBENCH_EASY,
    CULTURALBENCH_HARD,
    CULTURECARE,
    FORMS,
    GLOBALOPINIONQA,
    GLOBALOPINIONQA_COUNTRIES,
    KORNAT_KNOWLEDGE,
    KORNAT_VALUES,
    MENAVALUES,
    MENAVALUES_TRANSLATIONS,
    MULTIPLE_CHOICE,
    NORMAD,
    STORY_CONCEPTS,
    STORY_VECTORS,
    TASKS,
    Form,
)
from alignbench.benchmark.globalopinionqa import GlobalOpinionQA
from alignbench.benchmark.kornat import KorNat
from alignbench.benchmark.menavalues import MenaValues
from alignbench.benchmark.multiple_choice import MultipleChoice
from alignbench.benchmark.national_alignment import NationalAlignment
from alignbench.benchmark.normad import NormAd
from alignbench.benchmark.story_generation import StoryGeneration
from alignbench.config import conf_dir
from alignbench.errors import AlignbenchError
from alignbench.types import Culture
from tests.judge.toy import Table

from . import (
    test_blend,
    test_cdeval,
    test_content_moderation,
    test_culturalbench,
    test_empathy,
    test_globalopinionqa,
    test_kornat,
    test_menavalues,
    test_multiple_choice,
    test_normad,
)
from .asked import GREECE, write_csv, write_json
from .speaking import IRAN, KOREA

Rows = Sequence[Mapping[str, Any]]
IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", "ar", "iran")
# The smallest file of each form; MENAValues' workbook is written by its own test.
ROWS: dict[Form, Rows] = {
    BLEND_CHOICE: [test_blend.CHOICE],
    BLEND_SHORT: [{"ID": "X-01", **test_blend.SHORT["X-01"]}],
    CDEVAL: test_cdeval.ROWS,
    CULTURALBENCH_EASY: [test_culturalbench.EASY],
    CULTURALBENCH_HARD: test_culturalbench.hard(),
    CULTURECARE: [{"culture": "Arabic", "post_id": "a", "post": {"text": "My uncle will not visit."}}],
    GLOBALOPINIONQA: [
        dict(zip(("question", "selections", "options", "source"), row, strict=True))
        for row in test_globalopinionqa.rows()
    ],
    GLOBALOPINIONQA_COUNTRIES: test_globalopinionqa.by_country(),
    KORNAT_VALUES: [test_kornat.VALUES],
    KORNAT_KNOWLEDGE: [test_kornat.KNOWLEDGE],
    MENAVALUES_TRANSLATIONS: [{"item": "WVS1", "language": "fa", "question": "رودها"}],
    MULTIPLE_CHOICE: [test_multiple_choice.ROW],
    NORMAD: [{**test_normad.ROW, "ID": number, "Story": "Nico\u2028rang\x0c nine times."} for number in (1, 2)],
    STORY_CONCEPTS: [{"topic": "morals", "concept": "patience"}],
    STORY_VECTORS: [{"ctr": "G", "country": "Greece", "Demonym": "Greek", "pdi": "60", "idv": "#NULL!"}],
    TASKS: [test_content_moderation.TASK],
}
NESTED = (BLEND_SHORT, CULTURECARE, TASKS)


@dataclass(frozen=True)
class Reader:
    """What reads files of some forms; ``read`` gets a file that lies in a folder of its own."""

    forms: tuple[Form, ...]
    read: Callable[[Path], list[Question]]
    benchmark: str


def blend(path: Path) -> list[Question]:
    path.rename(path.with_name("Greece_data.json"))
    return Blend(str(path.parent)).questions(GREECE)


def task_file(path: Path) -> list[Question]:
    write_csv(path.parent / "rude.tsv", test_content_moderation.ROWS, "\t")
    return ContentModeration(str(path)).questions(GREECE)


def translated(path: Path) -> list[Question]:
    sheet = path.parents[1] / "MenaValues Benchmark.xlsx"  # one for all files of a test, as it takes long to write
    return MenaValues(str(sheet if sheet.exists() else test_menavalues.sheet(sheet.parent)), str(path)).questions(IRAN)


def concepts(path: Path) -> list[Question]:
    return StoryGeneration(str(write_csv(path.parent / "v.csv", ROWS[STORY_VECTORS])), str(path)).questions(GREECE)


def vectors(path: Path) -> list[Question]:
    (path.parent / "c.tsv").write_text("morals\tpatience\n")
    return StoryGeneration(str(path), str(path.parent / "c.tsv")).questions(GREECE)


READERS = {
    reader.forms[0].name: reader
    for reader in (
        Reader((BLEND_SHORT,), blend, "blend"),
        Reader((BLEND_CHOICE,), lambda path: Blend(str(path), "choice").questions(GREECE), "blend"),
        Reader((CDEVAL,), lambda path: CDEval(str(path)).questions(GREECE), "cdeval"),
        Reader((CULTURALBENCH_EASY,), lambda path: CulturalBench(str(path)).questions(KOREA), "culturalbench"),
        Reader((CULTURALBENCH_HARD,), lambda path: CulturalBench(str(path), "hard").questions(KOREA), "culturalbench"),
        Reader(
            (CULTURECARE,),
            lambda path: Empathy(test_empathy.Rater(Table()), str(path)).questions(IRAQ),
            "empathy",
        ),
        Reader(
            (GLOBALOPINIONQA, GLOBALOPINIONQA_COUNTRIES),
            lambda path: GlobalOpinionQA(str(path)).questions(KOREA),
            "globalopinionqa",
        ),
        Reader((KORNAT_VALUES, KORNAT_KNOWLEDGE), lambda path: KorNat(str(path)).questions(KOREA), "kornat"),
        Reader((MENAVALUES,), lambda path: MenaValues(str(path)).questions(IRAN), "menavalues"),
        Reader((MENAVALUES_TRANSLATIONS,), translated, "menavalues"),
        Reader(
            (MULTIPLE_CHOICE,), lambda path: MultipleChoice(str(path), "us", "CC0").questions(KOREA), "multiple_choice"
        ),
        Reader((NORMAD,), lambda path: NormAd(str(path)).questions(GREECE), "normad"),
        Reader((STORY_CONCEPTS,), concepts, "story_generation"),
        Reader((STORY_VECTORS,), vectors, "story_generation"),
        Reader((TASKS,), task_file, "content_moderation"),
    )
}


def kinds(form: Form) -> dict[str, Callable[[Path, Rows], object]]:
    """Ways to write rows of a form into a file."""

    def table(delimiter: str) -> Callable[[Path, Rows], object]:
        return lambda path, rows: pd.DataFrame(rows).to_csv(path, sep=delimiter, index=False, header=form.headed)

    def lines(path: Path, rows: Rows) -> object:
        return path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")

    tables = {} if form in NESTED else {"CSV": table(","), "TSV": table("\t"), "semicolons": table(";")}
    objects = {"JSON": write_json, "JSON Lines": lines, "parquet": lambda p, rows: pd.DataFrame(rows).to_parquet(p)}
    return tables | (objects if form.headed else {})


def fresh(folder: Path, name: str) -> Path:
    """A path in a new folder."""
    (folder / name).mkdir(parents=True)
    return folder / name / "given"


def test_every_benchmark_that_reads_files_stands_here() -> None:
    names = {path.stem for path in (conf_dir() / "benchmark").glob("*.yaml")}
    fileless, same = {"guard", "neutral", "vsm13", "win_rate"}, {"national_alignment"}
    assert names - fileless - same == {reader.benchmark for reader in READERS.values()}
    assert issubclass(NationalAlignment, MultipleChoice)
    read = {form for reader in READERS.values() for form in reader.forms}
    assert read - {MENAVALUES} == set(ROWS) and {form for form in FORMS if "Survey" not in form.name} <= read


@pytest.mark.parametrize("form", ROWS, ids=lambda form: form.name)
def test_a_form_is_read_alike_in_every_kind_of_file(form: Form, tmp_path: Path) -> None:
    read = next(reader.read for reader in READERS.values() if form in reader.forms)
    found = {}
    for kind, write in kinds(form).items():
        path = fresh(tmp_path, kind)
        write(path, ROWS[form])
        found[kind] = read(path)
        if form.headed and kind != "semicolons":  # case, blanks around names and other columns do not matter
            loud = [{**{f" {key.upper()} ": value for key, value in row.items()}, "": "x"} for row in ROWS[form]]
            if form not in (STORY_VECTORS, MULTIPLE_CHOICE):  # whose other columns have a meaning, or none
                write(fresh(tmp_path, f"{kind} loud"), loud)
                found[f"{kind} loud"] = read(tmp_path / f"{kind} loud" / "given")
    first = next(iter(found.values()))
    assert first and all(questions == first for questions in found.values())


def workbook() -> bytes:
    book, into = Workbook(), io.BytesIO()
    book.active.append(["some", "sheet"])
    book.save(into)
    return into.getvalue()


def zipped() -> bytes:
    into = io.BytesIO()
    with ZipFile(into, "w") as archive:
        archive.writestr("a.csv", "a,b")
    return into.getvalue()


def parquet() -> bytes:
    into = io.BytesIO()
    pd.DataFrame({"some": [1], "column": [2]}).to_parquet(into)
    return into.getvalue()


OTHERS = {
    "a web page": b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><body>404</body></html>",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "a pointer of git-annex": b"/annex/objects/SHA256E-s1--00.csv\n",
    "an Excel workbook": workbook(),
    "an Excel workbook of the old kind": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "a workbook or zip archive that was cut off": workbook()[:300],
    "a zip archive": zipped(),
    "a gzip archive": gzip.compress(b"a,b\n1,2\n"),
    "an SPSS file": b"$FL2@(#) SPSS DATA FILE",
    "a Stata file": b"<stata_dta><header>",
    "a PDF": b"%PDF-1.7",
    "a text in UTF-16": "a,b\n1,2\n".encode("utf-16"),
    "not a text in UTF-8": "naïve,b\n1,2\n".encode("latin-1"),
    "an empty file": b" \n\n",
    "a binary file": b"\x7fELF\0\0\0",
    "a parquet file that cannot be read": b"PAR1" + bytes(20),
    "a parquet file (some, column)": parquet(),
    "broken JSON": b'[{"a": 1},\n {"a": ',
    "JSON without an entry": b"[]",
    "JSON whose entry 2 is no object": b'[{"a": 1}, 2]',
    "JSON (a, b)": b'{"a": 1, "b": 2}',
    "a text in one column (some|columns|by|bars)": b"some|columns|by|bars\n1|2|3|4\n",
    "a table divided by semicolons (some, column, here)": b"some;column;here\n1;2;3\n",
    "a file of the World Values Survey": b"B_COUNTRY_ALPHA,Q1,Q2,Q3\nIRQ,1,2,3\n",
}


def told(reader: Reader, path: Path) -> str:
    with pytest.raises(AlignbenchError) as caught:
        reader.read(path)
    said = str(caught.value)
    assert all(f"{form.name}, {form.kind} with" in said for form in reader.forms), said
    return said


@pytest.mark.parametrize("name", READERS)
def test_whatever_else_is_given_is_told_what_it_is_and_what_is_wanted(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    for number, (what, content) in enumerate(OTHERS.items()):
        path = fresh(tmp_path, str(number))
        path.write_bytes(content)
        assert f"given = '{what}" in told(reader, path).replace("Greece_data.json", "given"), what
    with pytest.raises(AlignbenchError, match="a folder"):
        fresh(tmp_path, "folder").mkdir()
        reader.read(tmp_path / "folder" / "given")


@pytest.mark.parametrize("name", READERS)
def test_the_file_of_another_benchmark_is_known_by_name(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    for form, rows in ROWS.items():
        if form not in reader.forms and form.headed:
            ways = kinds(form)
            for kind in (next(iter(ways)), "parquet"):
                path = fresh(tmp_path, f"{form.name} {kind}")
                ways[kind](path, rows)
                said = told(reader, path)
                assert form.name in said and "this is not the file wanted" in said, kind
    if MENAVALUES not in reader.forms:
        path = fresh(tmp_path, "workbook")
        test_menavalues.sheet(path.parent).rename(path)
        assert f"given = '{MENAVALUES.name}'" in told(reader, path).replace("Greece_data.json", "given")


def test_a_short_form_is_no_part_of_a_longer_one() -> None:
    """Else a file of the longer form would be read as one of the shorter."""
    pairs = [(a.name, b.name) for a in FORMS for b in FORMS if a is not b and set(a.columns) <= set(b.columns)]
    assert pairs == []
