import pytest

from alignbench.benchmark.cdeval import CDEval
from alignbench.errors import AlignbenchError
from tests.benchmark.asked import GREECE, KOREA, prefers, scored, values, write_json
from tests.judge.toy import Table

ROWS = [
    {"Domain": "work", "Dimension": "PDI", "Question": "The boss errs.", "Option 1": "Stay mum", "Option 2": "Object"},
    {"Domain": "family", "Dimension": "IDV", "Question": "A wedding.", "Option 1": "Elope", "Option 2": "Ask all"},
]


@pytest.fixture
def cdeval(tmp_path):
    return CDEval(str(write_json(tmp_path / "CDEval.json", ROWS)))


def test_a_model_with_a_view_leans_alike_in_every_wording_and_order(cdeval):
    def score(message, option):
        if option in ("A", "B"):
            return 5.0 * any(line.startswith(f"{option}. ") and line[3:] == "Stay mum" for line in message.splitlines())
        former = "One could do this: Stay mum" in message
        return 5.0 * ((option == "Yes") == former)

    table = scored(cdeval, Table(score), GREECE)
    assert values(table, "high_pole") == {"1": 1.0, "2": 0.5}
    assert values(table, "agreement")["1"] == 1.0
    assert values(table, "likelihood")["1"] > 0.99
    assert values(table, "high_pole_uniform") == {"1": 0.5, "2": 0.5}
    assert set(table["dimension"]) == {"PDI", "IDV"} and set(table["group"]) == {"PDI work", "IDV family"}


def test_a_model_that_always_says_the_first_is_in_the_middle(cdeval):
    table = scored(cdeval, Table(lambda _, option: 5.0 * (option in ("A", "Yes"))), GREECE)
    assert values(table, "high_pole") == {"1": 0.5, "2": 0.5}
    assert values(table, "agreement") == {"1": 0.0, "2": 0.0}


def test_the_other_option_may_be_the_high_pole(cdeval):
    engine = prefers("Elope")
    assert values(scored(cdeval.with_knobs(high_option=2), engine, GREECE), "high_pole")["2"] == pytest.approx(
        1 - values(scored(cdeval, engine, GREECE), "high_pole")["2"]
    )


def test_every_culture_is_asked_the_same(cdeval):
    assert cdeval.questions(GREECE) == cdeval.questions(KOREA) and len(cdeval.questions(KOREA)) == 8


def test_json_lines_are_read_and_wrong_input_refused(tmp_path):
    import json

    path = tmp_path / "c.json"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    assert len(CDEval(str(path)).questions(GREECE)) == 8
    for rows, match in (
        ([{**ROWS[0], "Dimension": "XYZ"}], "entry 1, Dimension = 'XYZ'"),
        ([{"Question": "q"}], "lacks Option 1, Option 2, Domain"),
        ([], "JSON without an entry"),
        (["text"], "whose entry 1 is no object"),
    ):
        write_json(path, rows)
        with pytest.raises(AlignbenchError, match=match):
            CDEval(str(path)).questions(GREECE)
    path.write_text("not json")
    with pytest.raises(AlignbenchError, match=r"a text in one column \(not json\).*give CDEval.json"):
        CDEval(str(path)).questions(GREECE)
    with pytest.raises(AlignbenchError, match="from 1 to 2"):
        CDEval("x", 3)
