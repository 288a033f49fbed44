import json
import re

import pytest
from small import DIVORCE, FAITH, TRUST, write_items

from alignbench.data.bundle import BUNDLED, bundled
from alignbench.data.items import load_items
from alignbench.errors import AlignbenchError
from alignbench.types import Scale


def test_ten_point_ends_become_ten_options(tmp_path):
    (item,) = load_items(write_items(tmp_path / "items.jsonl", DIVORCE))
    assert item.options == ("1 (never)", "2", "3", "4", "5", "6", "7", "8", "9", "10 (always)")
    assert [item.level(p) for p in (0, 1, 2, 9)] == [0, 0, 1, 4]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({**TRUST, "colour": "red"}, ["line 1", "colour", "remove it"]),
        ({k: v for k, v in TRUST.items() if k != "concept"}, ["line 1", "'concept'", "add the missing key"]),
        ({**TRUST, "scale": "likert"}, ["T1, scale", "likert", "ordinal, ten_point"]),
        ({**TRUST, "codes": [1, 1, 2]}, ["T1, codes", "different whole numbers"]),
        ({**TRUST, "codes": [1, 2]}, ["item T1", "options = ", "2 texts", "not 3", "predicates = "]),
        ({**TRUST, "options": ["Yes", "No", "No"]}, ["T1, options", "differently"]),
        ({**TRUST, "predicates": ["are kind", "b", "c"]}, ["T1, predicates", "are kind", "start with a verb"]),
        ({**TRUST, "predicates": ["trust.", "b", "c"]}, ["T1, predicates", "full stop"]),
        (
            {**TRUST, "predicates": ["people trust", "b", "c"]},
            ["T1, predicates = 'people", "leave out the subject"],
        ),
        ({**TRUST, "predicates": ["yes", "b", "c"]}, ["T1, predicates", "'yes'", "with a verb what is held"]),
        ({**TRUST, "predicates": ["1", "b", "c"]}, ["T1, predicates", "'1'", "start with a verb"]),
        ({**TRUST, "predicates": ["Trust all", "b", "c"]}, ["T1, predicates", "Trust all", "lower case"]),
        ({**TRUST, "options": ["trust", "b", "c"], "predicates": ["trust", "d", "e"]}, ["T1, predicates", "repeats"]),
        ({**TRUST, "predicates": "trust"}, ["T1, predicates", "list texts"]),
        ({**DIVORCE, "predicates": ["a", "b"]}, ["D1, predicates", "5 texts", "not 2"]),
        ({**DIVORCE, "codes": [1, 2, 3]}, ["D1, codes", "10 codes"]),
        ({**FAITH, "direction": "more"}, ["F1, direction", "nominal"]),
        ({**TRUST, "question": ""}, ["T1, question", "give a text"]),
    ],
)
def test_a_wrong_item_is_refused_with_its_place_and_a_remedy(tmp_path, item, words):
    path = write_items(tmp_path / "items.jsonl", item)
    with pytest.raises(AlignbenchError) as error:
        load_items(path)
    assert all(word in str(error.value) for word in [str(path), *words])


def test_an_id_may_be_used_once(tmp_path):
    with pytest.raises(AlignbenchError, match=r"line 2, id = 'T1'"):
        load_items(write_items(tmp_path / "items.jsonl", TRUST, TRUST))


def test_all_wrong_lines_and_fields_are_said_at_once_and_comments_are_passed_over(tmp_path):
    path = tmp_path / "items.jsonl"
    lines = ["# a comment", "", json.dumps({**TRUST, "question": " ", "options": ["a"]}), "{]", json.dumps(FAITH)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(AlignbenchError, match="2 faults") as error:
        load_items(path)
    item, options, question, broken = (line.strip() for line in str(error.value).splitlines()[1:])
    assert item.startswith("line 3, item T1") and options.startswith("options") and question.startswith("question")
    assert broken.startswith("line 4 = '{]'")
    path.write_text("\n".join([lines[0], lines[1], lines[4]]), encoding="utf-8")
    assert [item.id for item in load_items(path)] == ["F1"]


def test_every_fault_of_one_item_is_said_at_once(tmp_path):
    wrong = {"scale": "likert", "codes": [1, 1], "options": "Yes", "predicates": ["yes"], "question": "", "topic": 3}
    with pytest.raises(AlignbenchError, match="6 faults") as error:
        load_items(write_items(tmp_path / "items.jsonl", {**TRUST, **wrong}))
    assert not [key for key in wrong if f"{key} = " not in str(error.value)], str(error.value)
    with pytest.raises(AlignbenchError, match="2 faults") as error:
        load_items(write_items(tmp_path / "items.jsonl", {"colour": "red", "id": "T1"}))
    assert "'concept', 'direction'" in str(error.value) and "colour" in str(error.value)


def test_broken_json_and_a_missing_file_are_named(tmp_path):
    path = tmp_path / "items.jsonl"
    with pytest.raises(AlignbenchError, match="no such file"):
        load_items(path)
    path.write_text("{]\n", encoding="utf-8")
    with pytest.raises(AlignbenchError, match="line 1"):
        load_items(path)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_wording_reads_well_after_any_subject(name):
    for item in bundled(name).items:
        assert len(item.options) == len(item.codes), item.id
        assert len(item.predicates) == (5 if item.scale is Scale.ten_point else len(item.codes)), item.id
        assert len(item.question.split()) <= 35 and item.question.endswith("?"), item.id
        for predicate in item.predicates:
            assert not re.match(r"(are|were|am|is|was|has)\b", predicate), (item.id, predicate)
            assert not re.search(r"\b(my|our|their|themselves|ourselves|myself)\b", predicate), (item.id, predicate)
            assert len(predicate.split()) <= 22 and predicate == predicate.strip(" ."), (item.id, predicate)
        assert item.statement(0, "We") == f"We {item.predicates[0]}."


def test_wave_seven_holds_every_value_item_in_questionnaire_order():
    items = bundled("wvs7").items
    numbers = [int(re.findall(r"\d+", item.id)[0]) for item in items]
    assert len(items) == 253 and numbers == sorted(numbers)
    assert not {f"Q{n}" for n in (91, 92, 93, *range(152, 158))} & {item.id for item in items}
    q56 = next(item for item in items if item.id == "Q56")
    assert q56.codes == (1, 3, 2), "codes stand in the order of their meaning"
