from pathlib import Path

import pytest

from alignbench.benchmark.multiple_choice import MultipleChoice
from alignbench.config import conf_dir, instantiate
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.testing import composed
from alignbench.types import Culture
from tests.benchmark.asked import GREECE, KOREA, prefers, scored, values, write_csv

EXAMPLE = conf_dir().parent / "examples" / "questions.csv"
IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", "ar", "germany")
CHINA = Culture("china", "China", "CHN", "Chinese", "zh", "usa")
ROW = {"id": "q", "question": "Which?", "options": "One | Two | Three", "answer": "B", "shares": "", "country": ""}
PEOPLE = {"answer": "", "shares": "0.6|0.4|0", "country": "Greece"}


def bench(path: Path | str, **knobs: str) -> MultipleChoice:
    return MultipleChoice(str(path), source="ours, 2025", licence="CC0", **knobs)


def refused(path: Path, rows: list[dict[str, object]]) -> str:
    with pytest.raises(AlignbenchError) as caught:
        bench(write_csv(path, rows)).questions(GREECE)
    return str(caught.value)


def test_the_example_is_read_and_scored():
    iraq, china = (bench(EXAMPLE).questions(culture) for culture in (IRAQ, CHINA))
    assert [q.item.id for q in iraq] == ["tea", "shoes", "gift", "sum"]
    assert [q.item.id for q in china] == ["gift", "sum"]
    assert {q.item.battery for q in iraq} == {"guests", "arithmetic"}
    assert iraq[2].gold == [0.5, 0.4, 0.1] and china[0].gold == pytest.approx([0.7, 0.2, 0.1])
    table = scored(bench(EXAMPLE), prefers("small glass", "Keep", "Offer", "Twelve"), IRAQ)
    assert values(table, "accuracy") == {"tea": 1, "shoes": 0, "sum": 1}
    assert values(table, "accuracy_uniform")["shoes"] == 0.5
    assert set(values(table, "mass")) == {"tea", "shoes", "gift", "sum"}


def test_languages_are_told_apart(tmp_path):
    rows = [{**ROW, "language": language} for language in ("en", "el")]
    table = scored(bench(write_csv(tmp_path / "q.csv", rows)), prefers("Two"), GREECE)
    assert values(table, "accuracy", "language") == {"en": 1, "el": 1}
    assert "stands in line 2 already" in refused(tmp_path / "q.csv", [rows[0], rows[0]])


def test_shares_are_compared_as_distributions(tmp_path):
    path = write_csv(tmp_path / "q.csv", [{**ROW, **PEOPLE, "shares": "0 | 1 | 0"}])
    right, wrong = (values(scored(bench(path), prefers(text), GREECE), "similarity")["q"] for text in ("Two", "One"))
    assert right > 0.9 and wrong < 0.1
    table = scored(bench(path), prefers("Two"), GREECE)
    assert values(table, "similarity_majority") == {"q": 1}
    # 1 - (log2(3/2) + 1/3) / 2: the divergences of one option and of three even ones to their mean, in bits.
    assert values(table, "similarity_uniform") == {"q": pytest.approx(0.5409, abs=1e-4)}


def test_everything_wrong_with_a_file_is_said_at_once_by_line(tmp_path):
    said = refused(
        tmp_path / "q.csv",
        [
            {**ROW, "id": ""},
            {**ROW, "question": "Which\nof these?", "answer": "E", "options": "One | Two"},
            {**ROW, "id": "r", "question": " ", "options": "One"},
            {**ROW, "id": "q"},
            {**ROW, "id": "s", "country": "Japan", "answer": "7"},
        ],
    )
    assert "'6 faults'" in said
    for fault in (
        "line 2, id = ''",
        "line 3, answer = 'E': choose one of a, b",
        "line 5, question = ''",
        "line 5, options = ['One']: list 2 to 26 different texts, with | between",
        "line 6, id = 'q': it stands in line 3 already",
        "line 7, answer = '7'",
    ):
        assert f"\n  {fault}" in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"options": "One | One"}, "different texts"),
        ({"options": "One | | Two"}, "different texts"),
        ({"options": " | ".join(map(str, range(27)))}, "different texts"),
        ({"answer": ""}, "fill in one of the two"),
        ({"shares": "1 | 0 | 0", "country": "Greece"}, "fill in one of the two"),
        ({**PEOPLE, "country": ""}, "say whose shares"),
        ({**PEOPLE, "shares": "0.6 | 0.4"}, "3 options"),
        ({**PEOPLE, "shares": "60 | 40 | 0"}, "they sum to 100 and not to 1"),
        ({**PEOPLE, "shares": "1.2 | -0.2 | 0"}, "0 or more"),
        ({**PEOPLE, "shares": "nan | 1 | 0"}, "0 or more"),
        ({**PEOPLE, "shares": "60 % | 40 % | 0 %"}, "write numbers"),
        ({**PEOPLE, "shares": "0 | 0 | 0"}, "they sum to 0 and not to 1"),
        ({"contry": "Greece"}, r"no meaning here \(nearest: country"),
        ({"country": "Greese"}, r"no question is for this country \(nearest: Greese\)"),
    ],
)
def test_nonsense_is_refused(tmp_path, changed, said):
    with pytest.raises(AlignbenchError, match=said):
        bench(write_csv(tmp_path / "q.csv", [{**ROW, **changed}])).questions(GREECE)


def test_files_of_another_form_are_refused(tmp_path):
    assert "lacks question, options" in refused(tmp_path / "q.csv", [{"id": "1"}])
    assert "say what is right" in refused(tmp_path / "q.csv", [{k: ROW[k] for k in ("id", "question", "options")}])
    path = tmp_path / "more.csv"
    path.write_text("id,question,options,answer\nq,Which, then?,One | Two,A\n", encoding="utf-8")
    with pytest.raises(AlignbenchError, match=r"line 2 = .'A'.: the header has 4 columns; quote a text that holds ','"):
        bench(path).questions(GREECE)


def test_source_and_licence_must_be_given():
    for name in ("source", "licence"):
        words = ["benchmark=multiple_choice", "benchmark.path=x", "benchmark.source=s", "benchmark.licence=l"]
        without = [word for word in words if not word.startswith(f"benchmark.{name}")]
        with pytest.raises(AlignbenchError, match=f"not given.*say benchmark.{name}="):
            instantiate(composed("task=benchmark", *without).benchmark)
        with pytest.raises(AlignbenchError, match=rf"benchmark\.{name} = ' '"):
            MultipleChoice("x", **{"source": "s", "licence": "l", name: " "})
    made = instantiate(composed("task=benchmark", *words, "benchmark.year=2024").benchmark)
    assert (made.provenance.source, made.provenance.licence, made.provenance.year) == ("s", "l", "2024")


def test_content_and_not_the_words_about_it_is_identity(tmp_path):
    path = write_csv(tmp_path / "q.csv", [ROW])
    before = canonical(bench(path))
    assert canonical(bench(path, population="readers")) == before
    write_csv(path, [{**ROW, "answer": "A"}])
    assert canonical(bench(path)) != before
    assert bench(path).questions(KOREA)[0].gold == 0
