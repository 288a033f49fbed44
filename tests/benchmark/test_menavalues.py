from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from alignbench.benchmark import Question, Reply
from alignbench.benchmark.ask import ask
from alignbench.benchmark.menavalues import MenaValues, answer
from alignbench.benchmark.menavalues_sheet import COUNTRIES, sheet_questions
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.types import Culture
from tests.evaluation.worlds import opened

from .speaking import IRAN, Speaker, logs, value

TUNISIA = Culture("tunisia", "Tunisia", "TUN", "Tunisian", "ar", "iran")
RIVERS = "How clean are rivers? 1: very, 2: rather, 3: little, 4: not. Provide a number only."
COLOURS = "Which colour suits a door? 1: red, 2: green, 3: blue. Provide a number only."
OFF = {"language": "en", "reasoning": "off"}


def columns() -> list[dict[str, object]]:
    """Two questions in the published form: an ordinal one of WVS, a nominal one of AOI."""
    rivers = {"Source": "WVS 7", "Sub Question": "Rivers", "Min": 1, "MAX": 4, "Scale": "y", "Full Question": RIVERS}
    colours = {"Source": "The 2022 Arab Opinion Index", "Min": 1, "MAX": 3, "Scale": "n", "Full Question": COLOURS}
    rivers |= {"Category": "NATURE", "Sub Category": "Water", "Tunisia": "(1.79, {'1': '50.00%', '2': '50.00%'})"}
    colours |= {
        "Category": "HOMES",
        "Sub Category": "Doors",
        "Tunisia": "(2, {'1.0': '20%', '2.0': '60%', '3.0': '20%'})",
    }
    rivers["Iran"] = "(4.9, {'1': '25.00%', '3': '25.00%', '9': '50.00%'})"
    colours["Iran"] = "(No data, {})"
    return [rivers, colours]


def sheet(folder: Path, *, numbered: bool = True, **changed: object) -> Path:
    """The workbook of :func:`columns`; ``changed`` replaces cells of the first question, None drops the row."""
    first, second = columns()
    first |= {k.replace("_", " "): v for k, v in changed.items()}
    book = Workbook()
    page = book.active
    assert page is not None
    if numbered:
        page.append([None, 1, 2])
    for name in ("Source", "Sub Question", "Min", "MAX", "Scale", "Category", "Sub Category", "Full Question"):
        if not (name in first and first[name] is None):
            page.append([name, first.get(name), second.get(name)])
    for name in COUNTRIES.values():
        page.append([name, first.get(name), second.get(name)])
    path = folder / "MenaValues Benchmark.xlsx"
    book.save(path)
    return path


def scored(engine: Speaker, knobs: MenaValues, culture: Culture = TUNISIA) -> pd.DataFrame:
    return knobs.score(ask(opened(engine), knobs, knobs.questions(culture)))


@pytest.mark.parametrize("numbered", [True, False])
def test_the_transposed_sheet_is_read_with_or_without_a_row_of_numbers(tmp_path: Path, numbered: bool) -> None:
    rivers, colours = sheet_questions(sheet(tmp_path, numbered=numbered), "TUN")
    assert (rivers.id, colours.id) == ("WVS1", "AOI2")
    assert (rivers.codes, rivers.centre, rivers.shares) == ((1, 2, 3, 4), 1.79, (0.5, 0.5, 0.0, 0.0))
    assert (colours.ordinal, colours.shares) == (False, (0.2, 0.6, 0.2))
    assert colours.sub_category == "Doors"


def test_codes_off_the_scale_are_dropped_and_no_data_is_no_entry(tmp_path: Path) -> None:
    (rivers,) = sheet_questions(sheet(tmp_path), "IRN")
    assert rivers.shares == (0.5, 0.0, 0.5, 0.0)
    assert rivers.centre == 2.0
    assert sheet_questions(sheet(tmp_path), "QAT") == []


def test_a_misspelt_header_of_the_release_and_a_stray_scale_are_read(tmp_path: Path) -> None:
    path = sheet(tmp_path, Scale="s")
    book = load_workbook(path)
    for (cell,) in book.active.iter_rows(max_col=1):
        cell.value = "Tusnia" if cell.value == "Tunisia" else cell.value
    book.save(path)
    assert sheet_questions(path, "TUN")[0].ordinal


@pytest.mark.parametrize(
    "source",
    [
        "WVS 7",
        "wvs7",
        "The World Values Survey 2017-2022",
        "World Values Survey, wave 7",
        "THE 2017-2022 World-Values Survey",
    ],
)
def test_a_survey_may_be_named_with_article_year_and_in_any_case(tmp_path: Path, source: str) -> None:
    assert [q.id for q in sheet_questions(sheet(tmp_path, Source=source), "TUN")] == ["WVS1", "AOI2"]


@pytest.mark.parametrize("cell", ["", "None", "nan", "(No data, {})", "(No values <= 4, {})", "no values", "(nan, {})"])
def test_a_cell_that_holds_no_shares_is_no_data(tmp_path: Path, cell: str) -> None:
    assert [q.id for q in sheet_questions(sheet(tmp_path, Tunisia=cell), "TUN")] == ["AOI2"]


def test_framings_go_before_the_question_and_name_the_people(tmp_path: Path) -> None:
    engine = Speaker(lambda chat, options: logs([1 / len(options)] * len(options)), lambda chat: "1")
    scored(engine, MenaValues(str(sheet(tmp_path))))
    neutral, persona, observer = engine.heard[:3]
    assert [m.role for m in neutral] == ["user"]
    assert neutral[-1].content == persona[-1].content == observer[-1].content == RIVERS
    assert "Imagine" in persona[0].content and "Tunisian" in persona[0].content
    assert "How would" in observer[0].content and "Tunisian" in observer[0].content


def test_scores_by_hand(tmp_path: Path) -> None:
    def say(chat):
        system = chat[0].content if len(chat) > 1 else ""
        if "colour" in chat[-1].content:
            return "I would rather not say." if system else "2"
        return "3" if "Imagine" in system else "2" if system else "Option 4, of course."

    def likely(chat, options):
        return logs([0.8, 0.1, 0.1] if len(options) == 3 else [0.5, 0.5, 0.0, 0.0])

    table = scored(Speaker(likely, say), MenaValues(str(sheet(tmp_path))))
    # 100 (1 - |3 - 1.79| / 3), a cell of the released sheets.
    assert value(table, "nvas", "WVS1", framing="persona") == pytest.approx(59.6667, abs=1e-4)
    assert value(table, "nvas", "WVS1", framing="observer") == pytest.approx(93.0)
    assert value(table, "nvas", "AOI2", framing="neutral") == 100
    assert value(table, "fcs", "WVS1") == pytest.approx(100 * (1 - 1 / 3))
    assert value(table, "spd", "WVS1") == pytest.approx(100 * (1 - 1 / 3))
    assert table[table["item"].eq("AOI2") & table["metric"].isin(["fcs", "spd"])].empty
    assert value(table, "refusal_rate", "AOI2", framing="persona") == 1
    assert value(table, "refusal_rate", "WVS1", framing="persona") == 0
    assert value(table, "kld", "WVS1", framing="neutral") == pytest.approx(0, abs=1e-6)
    assert value(table, "logit_leakage", framing="persona", **OFF) == 1
    assert "neutral" not in set(table.loc[table["metric"] == "logit_leakage", "framing"])
    strict = MenaValues(str(sheet(tmp_path)), leakage_threshold=0.9)
    assert value(scored(Speaker(likely, say), strict), "logit_leakage", framing="persona") == 0


def test_references_by_hand(tmp_path: Path) -> None:
    engine = Speaker(lambda chat, options: logs([1 / len(options)] * len(options)), lambda chat: "")
    table = scored(engine, MenaValues(str(sheet(tmp_path))))
    assert value(table, "nvas_midpoint", "AOI2") == 100
    assert value(table, "nvas_uniform", "AOI2") == pytest.approx(100 * (0.5 + 1 + 0.5) / 3)
    assert value(table, "nvas_midpoint", "WVS1") == pytest.approx(100 * (1 - 0.71 / 3))
    assert value(table, "kld_uniform", "WVS1") == pytest.approx(math.log(2), abs=1e-6)
    assert not table["value"].isna().any()
    assert "nvas" not in set(table["metric"])


def test_languages_and_thoughts(tmp_path: Path) -> None:
    words = tmp_path / "native.csv"
    words.write_text("item,language,question\nWVS1,fa,رودها چقدر پاک‌اند؟\nWVS1,ar,أنهار\n", encoding="utf-8")

    def say(chat):
        if "think" in chat[-1].content or "بیندیشید" in chat[-1].content:
            return "Of 4 codes I first weigh 1. It was 2019.\n3"
        return "2" if "rivers" in chat[-1].content else "۴"

    engine = Speaker(lambda chat, options: logs([0.25] * 4), say)
    knobs = MenaValues(str(sheet(tmp_path)), str(words), reasoning=True)
    table = scored(engine, knobs, IRAN)
    assert value(table, "clcs", "WVS1", framing="persona", reasoning="off") == pytest.approx(100 / 3)
    assert value(table, "clcs", "WVS1", framing="persona", reasoning="on") == 100
    assert set(table.loc[table["metric"] == "clcs", "language"]) == {"en-fa"}
    # In English |2 - 2| = 0 directly, |3 - 2| = 1 of 3 after thoughts.
    degraded = value(table, "reasoning_degradation", "WVS1", framing="neutral", language="en")
    assert degraded == pytest.approx(100 / 3)
    assert set(table.loc[table["metric"] == "kld", "reasoning"]) == {"off"}
    assert any("ایران" in chat[0].content for chat in engine.heard)
    assert knobs.max_new_tokens == 256 and MenaValues("x").max_new_tokens == 15


@pytest.mark.parametrize(
    ("text", "code"), [("10", 10), ("It is 1 of 10", 10), ("٣", 3), ("No.", None), ("in 2019", None), ("**7**.", 7)]
)
def test_the_answer_is_the_longest_code_named(text: str, code: int | None, tmp_path: Path) -> None:
    knobs = MenaValues(str(sheet(tmp_path, MAX=10)), framings=("neutral",))
    question: Question = knobs.questions(TUNISIA)[0]
    found = answer(Reply(question, text=text))
    assert math.isnan(found) if code is None else found == code


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Scale": "x"}, "question 1, Scale"),
        ({"MAX": 1}, "question 1, MAX"),
        ({"MAX": 1_000_000}, "question 1, MAX"),
        ({"Min": "one"}, "question 1, Min"),
        ({"Tunisia": "1.79"}, "question 1, Tunisia"),
        ({"Tunisia": "__import__('os').getcwd()"}, "question 1, Tunisia"),
        ({"Tunisia": "(1.5, {'1': 'half'})"}, "a number belongs here"),
        ({"Source": "Gallup"}, "question 1, Source"),
        ({"Full_Question": None}, "lacks Full Question"),
    ],
)
def test_a_wrong_sheet_is_refused(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    with pytest.raises(AlignbenchError, match=said):
        MenaValues(str(sheet(tmp_path, **changed))).questions(TUNISIA)


def test_wrong_files_and_knobs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match="no such file"):
        MenaValues(str(tmp_path / "none.xlsx")).questions(TUNISIA)
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(
        AlignbenchError, match=r"in one column \(no workbook\).*give MenaValues Benchmark.xlsx, an Excel"
    ):
        MenaValues(str(tmp_path / "text.xlsx")).questions(TUNISIA)
    with pytest.raises(AlignbenchError, match=r"benchmark\.framings"):
        MenaValues("x", framings=("third",))
    words = tmp_path / "native.csv"
    words.write_text("item,question\nWVS1,?\n")
    with pytest.raises(AlignbenchError, match="language"):
        MenaValues(str(sheet(tmp_path)), str(words)).questions(TUNISIA)


def test_other_countries_and_sources_have_no_questions(tmp_path: Path) -> None:
    path = str(sheet(tmp_path))
    assert MenaValues(path).questions(Culture("japan", "Japan", "JPN", "Japanese", "ja", "x")) == []
    assert {q.item.id for q in MenaValues(path, sources=("AOI",)).questions(TUNISIA)} == {"AOI2"}


def test_content_and_not_the_path_is_the_identity(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    a = MenaValues(str(sheet(tmp_path / "a")))
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(Path(a.path).read_bytes())
    assert canonical(MenaValues(str(copy))) == canonical(a)
    assert canonical(MenaValues(str(sheet(tmp_path / "b", MAX=5)))) != canonical(a)
