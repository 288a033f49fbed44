from pathlib import Path

import pytest

from alignbench.benchmark.kornat import KorNat
from alignbench.errors import AlignbenchError
from tests.benchmark.asked import GREECE, KOREA, prefers, scored, values, write_csv

SCALE = {"A": "Strongly disagree", "B": "Disagree", "C": "Neither", "D": "Agree", "E": "Strongly agree"}
VALUES = {"Category": "Ponds", "Question": "Should ponds be swept?", **SCALE, "Answer": "[0.1, 0.2, 0.3, 0.25, 0.15]"}
KNOWLEDGE = {
    "Category": "Schooling",
    "SubCategory": "Science",
    "Question": "연못은 무엇으로 차 있는가?",
    "A": "Sand",
    "B": "Water",
    "C": "Tea",
    "D": "Air",
    "Answer": "B",
}


def bench(folder: Path, *rows: dict[str, str]) -> KorNat:
    return KorNat(str(write_csv(folder / "kornat.csv", rows)))


def test_values_are_scored_against_what_people_chose(tmp_path):
    table = scored(bench(tmp_path, VALUES), prefers(". Agree"), KOREA)
    assert values(table, "sva") == {"1": 0.25} and values(table, "sva_ceiling") == {"1": 0.3}
    assert values(table, "a_sva") == {"1": 0.4}  # agree and strongly agree
    assert values(table, "n_sva") == {"1": 0}  # nothing has a majority, so neutral is right
    assert values(table, "sva_of_ceiling", "language") == {"en": round(0.25 / 0.3, 4)}


def test_knowledge_is_accuracy(tmp_path):
    table = scored(bench(tmp_path, KNOWLEDGE), prefers("Water"), KOREA)
    assert values(table, "accuracy", "language") == {"ko": 1} and values(table, "accuracy_uniform") == {"1": 0.25}
    assert bench(tmp_path, KNOWLEDGE).questions(GREECE) == []


@pytest.mark.parametrize(
    "answer",
    [
        "0.1, 0.2, 0.3, 0.25, 0.15",
        "(10, 20, 30, 25, 15)",
        "[22, 44, 66, 55, 33]",
        '{"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.25, "E": 0.15}',
    ],
)
def test_shares_percentages_and_counts_are_scaled(tmp_path, answer):
    (question,) = bench(tmp_path, {**VALUES, "Answer": answer}).questions(KOREA)
    assert question.gold == pytest.approx([0.1, 0.2, 0.3, 0.25, 0.15])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**VALUES, "Answer": "D"}, "line 2, Answer = 'D': write it as what people chose"),
        ({**VALUES, "Answer": "[0.5, 0.5]"}, "5 options"),
        ({**VALUES, "Answer": '{"A": 1}'}, "0 or more"),
        ({**VALUES, "Answer": "[0, 0, 0, 0, 0]"}, "nobody answered"),
        ({**VALUES, "E": ""}, "line 2, E = ''"),
        ({**KNOWLEDGE, "Answer": "E"}, "line 2, Answer = 'E'"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path, row, said):
    with pytest.raises(AlignbenchError, match=said):
        bench(tmp_path, row).questions(KOREA)


def test_its_source_and_licence_are_known():
    told = KorNat("x").provenance
    assert "jiyounglee0523/KorNAT" in told.source and told.licence == "CC BY-NC 2.0"
    assert any("A-SVA" in assumption for assumption in told.assumptions)
