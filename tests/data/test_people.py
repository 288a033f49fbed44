"""Respondents: out of a file in the official form, out of the world, or assumed."""

from __future__ import annotations

import pytest

from alignbench.data.people import FIELDS, assumed, restricted
from alignbench.data.source.official import DEMOGRAPHICS, OfficialWave7
from alignbench.data.source.world import PlantedWorld
from alignbench.data.splits import split_survey
from alignbench.errors import AlignbenchError
from alignbench.types import Split

HEADER = "B_COUNTRY_ALPHA,W_WEIGHT,Q260,Q262,Q275R,H_URBRURAL,Q1,Q57"
ROWS = ["IRQ,1.0,2,34,3,1,1,2", "IRQ,0.0,1,50,1,2,2,1", "EGY,1.0,1,20,2,1,1,1"]


@pytest.fixture
def official(tmp_path):
    path = tmp_path / "wvs.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return OfficialWave7(str(path))


def test_a_respondent_in_words_and_answers(official) -> None:
    (person,) = official.people("IRQ", 1, 0)
    assert person.words == "a woman of 34, with higher schooling, living in a town"
    assert person.answers == {"Q1": 0, "Q57": 1}


def test_a_weight_of_nothing_is_never_drawn(official) -> None:
    assert {person.words for person in official.people("IRQ", 20, 3)} == {official.people("IRQ", 1, 0)[0].words}


def test_people_are_drawn_by_weight_where_weights_count(tmp_path) -> None:
    path = tmp_path / "wvs.csv"
    path.write_text("B_COUNTRY_ALPHA,W_WEIGHT,Q260,Q1\nIRQ,1,1,1\nIRQ,99,2,1\n")
    words = [[p.words for p in OfficialWave7(str(path), weighted=w).people("IRQ", 200, 0)] for w in (True, False)]
    assert words[0].count("a woman") > 190 and 80 < words[1].count("a woman") < 120


def test_all_twelve_fields_are_said_where_the_file_has_them(tmp_path) -> None:
    columns = "B_COUNTRY_ALPHA,W_WEIGHT,Q260,Q262,Q275,Q275R,H_URBRURAL,H_SETTLEMENT,Q263,Q270,Q273,Q281,Q279,Q287,Q1"
    path = tmp_path / "wvs.csv"
    path.write_text(f"{columns}\nIRQ,1,2,34,0,1,2,5,1,7,1,0,5,-1,1\nIRQ,1,1,-2,-4,3,-5,,2,-1,9,11,1,3,1\n")
    told = [p.fields for p in OfficialWave7(str(path), weighted=False).people("IRQ", 2, 0)]
    woman, man = sorted(told, key=len, reverse=True)
    assert woman == {
        "settlement": "village", "region": "rural", "gender": "female", "age": "34", "born": "yes",
        "marital": "married", "household": "7", "education": "none or early childhood education",
        "profession": "never had a job",
        "employment": "at home, not otherwise employed",
    }  # fmt: skip
    assert man == {
        "gender": "male", "born": "no", "education": "higher", "profession": "other", "employment": "full time",
        "class": "lower middle",
    }  # fmt: skip
    assert {name for name, *_ in DEMOGRAPHICS.fields} == set(FIELDS) and set(woman) <= set(FIELDS)


def test_nobody_is_drawn_twice_without_weights_where_there_are_enough(tmp_path) -> None:
    path = tmp_path / "wvs.csv"
    path.write_text("B_COUNTRY_ALPHA,W_WEIGHT,Q260,Q262,Q1\n" + "".join(f"IRQ,1,1,{age},1\n" for age in range(20, 60)))
    ages = [p.fields["age"] for p in OfficialWave7(str(path), weighted=False).people("IRQ", 40, 1)]
    assert len(set(ages)) == 40
    assert len(OfficialWave7(str(path), weighted=False).people("IRQ", 41, 1)) == 41


def test_a_country_without_respondents_is_named(official) -> None:
    with pytest.raises(AlignbenchError, match="BRA"):
        official.people("BRA", 1, 0)


def test_missing_columns_are_left_out(tmp_path) -> None:
    path = tmp_path / "wvs.csv"
    path.write_text("B_COUNTRY_ALPHA,W_WEIGHT,Q260,Q1\nIRQ,1,1,-2\n")
    (person,) = OfficialWave7(str(path)).people("IRQ", 1, 0)
    assert person.words == "a man" and person.answers == {}
    assert DEMOGRAPHICS.age == "Q262"


def test_people_of_the_world_answer_as_its_country_does() -> None:
    source = PlantedWorld()
    people = source.people("SAU", 400, 0)
    survey = source.load(())
    share = sum(person.answers["W13"] == 0 for person in people) / 400
    assert share == pytest.approx(survey.of("SAU")["W13"].shares[0], abs=0.08)
    assert people[0].fields["age"] in people[0].words and set(people[0].fields) == {"gender", "age", "education"}
    assert people == source.people("SAU", 400, 0) != source.people("SAU", 400, 1)


def test_assumed_people_and_the_restriction_know_training_items_alone() -> None:
    source = PlantedWorld()
    train = split_survey(source.load(()), source.splits())[Split.train]
    ids = {item.id for item in train.items}
    made = assumed(train, "SAU", 3, 0)
    assert all(set(person.answers) == ids for person in made) and len({p.words for p in made}) == 3
    assert all(set(person.answers) == ids for person in restricted(source.people("SAU", 3, 0), train))
